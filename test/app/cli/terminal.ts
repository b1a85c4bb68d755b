// A terminal of the few sequences that the live block uses, so that a test can look at the screen
// instead of at escape codes. What it does not know is an error.

/** Rows of the screen after `text`, without colours and blank ends. */
export function screenAfter(text: string, columns: number): string[] {
  const rows: string[] = ['']
  let [x, y] = [0, 0]
  const put = (char: string) => {
    if (x === columns) [x, y] = [0, y + 1]
    while (rows.length <= y) rows.push('')
    rows[y] = rows[y].padEnd(x).slice(0, x) + char + rows[y].slice(x + 1)
    x++
  }
  for (let at = 0; at < text.length; ) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
    const code = /^\x1b\[(\d*)([A-Za-z])/.exec(text.slice(at, at + 8))
    if (code !== null) {
      at += code[0].length
      if (code[2] === 'A') y = Math.max(0, y - Number(code[1] || 1))
      else if (code[2] === 'K') rows[y] = rows[y].slice(0, x)
      else if (code[2] === 'J') rows.splice(y, rows.length, rows[y].slice(0, x))
      else if (code[2] !== 'm') throw new Error(`unknown sequence ${JSON.stringify(code[0])}`)
      continue
    }
    const char = text[at++]
    if (char === '\n') [x, y] = [0, y + 1]
    else if (char === '\r') x = 0
    else put(char)
    while (rows.length <= y) rows.push('')
  }
  const shown = rows.map(row => row.trimEnd())
  while (shown[shown.length - 1] === '') shown.pop()
  return shown
}

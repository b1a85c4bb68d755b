// Just enough of a TypeScript scanner for the law: blanks comments, strings and regular
// expressions (so that a word in prose breaks no rule), lists imports, and measures functions.
// The compiler exports no API for this any more, and a parser would be one more dependency.

export interface Import {
  /** As written, e.g. `../base/bytes.js` or `node:fs`. */
  readonly specifier: string
  /** Erased at compile time: `import type`, `export type`, or nothing but inline `type` names. */
  readonly typeOnly: boolean
  readonly line: number
}

export interface Body {
  /** First and last line, 1-based, of the braces. */
  readonly line: number
  readonly lines: number
  /** What stands before the braces on their first line, for messages and exemptions. */
  readonly head: string
}

/** Punctuation and words after which a slash starts a regular expression, not a division. */
const beforeRegExp = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await))$/

/**
 * The same text, same length and lines, with comments, string contents, template texts and
 * regular expressions blanked. Quotes stay, and so does code within a template's `${}`.
 */
export function blank(text: string): string {
  const out = text.split('')
  const wipe = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' '
  }
  const templates: number[] = [] // depth of braces in each open `${`
  let code = '' // last significant characters, to tell a division from a regular expression
  let i = 0
  const skipTo = (end: number, keepEnds: boolean) => {
    wipe(keepEnds ? i + 1 : i, keepEnds ? end - 1 : end)
    i = end
  }
  while (i < text.length) {
    const c = text[i]
    const two = text.slice(i, i + 2)
    if (two === '//') skipTo(endOf(text, '\n', i), false)
    else if (two === '/*') skipTo(endOf(text, '*/', i + 2) + 2, false)
    else if (c === "'" || c === '"') {
      skipTo(endOfQuoted(text, i), true)
      code = c
    } else if (c === '`' || (c === '}' && templates.at(-1) === 0)) {
      if (c === '}') templates.pop()
      const { end, opens } = endOfTemplate(text, i + 1)
      if (opens) templates.push(0)
      wipe(i + 1, opens ? end - 2 : end - 1)
      i = end
      code = opens ? '{' : '`'
    } else if (c === '/' && beforeRegExp.test(code.trimEnd())) {
      skipTo(endOfRegExp(text, i), true)
      code = '/x'
    } else {
      if (templates.length > 0 && c === '{') templates[templates.length - 1]++
      if (templates.length > 0 && c === '}') templates[templates.length - 1]--
      if (!/\s/.test(c)) code = (code + c).slice(-8)
      else if (/\w$/.test(code)) code += ' ' // so that no two words grow together
      i++
    }
  }
  return out.join('')
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at
}

function endOfQuoted(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text[i] !== text[start] && text[i] !== '\n') {
    i += text[i] === '\\' ? 2 : 1
  }
  return i + 1
}

/** From inside a template's text to just after its backtick, or after the `${` that it opens. */
function endOfTemplate(text: string, start: number): { end: number; opens: boolean } {
  let i = start
  while (i < text.length && text[i] !== '`') {
    if (text.startsWith('${', i)) return { end: i + 2, opens: true }
    i += text[i] === '\\' ? 2 : 1
  }
  return { end: i + 1, opens: false }
}

function endOfRegExp(text: string, start: number): number {
  let inClass = false
  let i = start + 1
  while (i < text.length && text[i] !== '\n' && (inClass || text[i] !== '/')) {
    if (text[i] === '[') inClass = true
    if (text[i] === ']') inClass = false
    i += text[i] === '\\' ? 2 : 1
  }
  return i + 1
}

const names = String.raw`(?:[\w$]+\s*,?\s*)?(?:\{[^}]*\}|\*(?:\s*as\s+[\w$]+)?)?`
const statement = new RegExp(
  String.raw`(?:^|\n)\s*(?:import|export)\b(?<what>\s*(?:type\b\s*)?${names})\s*(?:from\s*)?(?<quote>['"])`,
  'g',
)
const dynamic = /\b(?:import|new\s+URL)\s*\(\s*(?<quote>['"])/g

/** All imports, re-exports, `import('…')` and `new URL('./…', import.meta.url)` of a source. */
export function importsOf(text: string): Import[] {
  const code = blank(text)
  const found: Import[] = []
  for (const pattern of [statement, dynamic]) {
    for (const match of code.matchAll(pattern)) {
      const { what, quote } = match.groups as { what?: string; quote: string }
      const start = match.index + match[0].length
      const specifier = text.slice(start, text.indexOf(quote, start))
      if (match[0].includes('URL') && !specifier.startsWith('.')) continue
      found.push({ specifier, typeOnly: isTypeOnly(what), line: lineAt(code, start) })
    }
  }
  return found
}

function isTypeOnly(what: string | undefined): boolean {
  if (what === undefined) return false
  if (/^\s*type\b(?!\s*,)/.test(what)) return true
  const named = /^\s*\{([^}]*)\}\s*$/.exec(what)?.[1]
  const each = named?.split(',').filter(name => name.trim() !== '') ?? []
  return each.length > 0 && each.every(name => /^\s*type\s/.test(name))
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

const control = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await'])
const pairs: Record<string, string> = { ')': '(', '}': '{', ']': '[', '>': '<' }

/** Every function, method and arrow body in braces, nested ones too. */
export function bodiesOf(text: string): Body[] {
  const code = blank(text)
  const tokens = [...code.matchAll(/=>|[\w$#]+|[^\s\w]/g)].map(m => ({ text: m[0], at: m.index }))
  const words = tokens.map(token => token.text)
  const sourceLines = text.split('\n')
  const opened: number[] = []
  const bodies: Body[] = []
  tokens.forEach((token, index) => {
    if (token.text === '{') opened.push(index)
    if (token.text !== '}') return
    const open = opened.pop()
    if (open === undefined || !isBody(words, open)) return
    const line = lineAt(code, tokens[open].at)
    const lines = lineAt(code, token.at) - line + 1
    bodies.push({ line, lines, head: sourceLines[line - 1].trim() })
  })
  return bodies
}

/** Whether the brace at `open` starts a function's body: after `=>`, `)`, or `): Type`. */
function isBody(tokens: readonly string[], open: number): boolean {
  if (tokens[open - 1] === '=>') return true
  let i = open - 1
  if (['is', '|', '&'].includes(tokens[i])) return false // a type goes on
  if (tokens[i] !== ')') {
    i = beforeReturnType(tokens, i)
    if (i < 0) return false
  }
  const callee = tokens[groupStart(tokens, i) - 1]
  return callee !== undefined && !control.has(callee)
}

/** Index of the `)` whose `: Type` ends at `end`, or -1 when that is no return type. */
function beforeReturnType(tokens: readonly string[], end: number): number {
  let i = end
  while (i > 0) {
    const token = tokens[i]
    if (token === ':') return i < end && tokens[i - 1] === ')' ? i - 1 : -1
    if (token === ')' && tokens[i + 1] !== '=>') return -1
    if (token in pairs) i = groupStart(tokens, i) - 1
    else if (/^(?:[\w$]+|=>|[.|&'"`])$/.test(token) && !statementWords.has(token)) i--
    else return -1
  }
  return -1
}

const statementWords = new Set(
  'class interface enum namespace else try finally do static return const let case'.split(' '),
)

/** Index of the bracket that opens the group closed at `end`. */
function groupStart(tokens: readonly string[], end: number): number {
  const close = tokens[end]
  const open = pairs[close]
  let depth = 0
  for (let i = end; i >= 0; i--) {
    if (tokens[i] === close) depth++
    if (tokens[i] === open && --depth === 0) return i
  }
  return 0
}

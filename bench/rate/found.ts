// One line of the rate bench: what was measured, what it has to be, and whether it is.

export interface Found {
  readonly what: string
  readonly value: number
  readonly unit: string
  /** Smallest and largest value that keep the promise. */
  readonly least?: number
  readonly most?: number
  readonly note?: string
}

export function holds({ value, least, most }: Found): boolean {
  return value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY)
}

export function line(found: Found): string {
  const { what, value, unit, least, most, note } = found
  const bounds = [least !== undefined && `≥ ${least}`, most !== undefined && `≤ ${most}`]
  const wanted = bounds.filter(Boolean).join(', ')
  const verdict = wanted === '' ? '' : holds(found) ? `holds (${wanted})` : `MISSED (${wanted})`
  return `${what.padEnd(58)} ${value.toFixed(3).padStart(9)} ${unit.padEnd(8)} ${verdict} ${note ?? ''}`.trimEnd()
}

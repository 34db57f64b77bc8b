const MARKS = '▁▂▃▄▅▆▇█'
const PLAIN_MARKS = '_.:-=+*#'

export interface Sparkline {
  readonly text: string
  /** How many values each mark is the sum of; the last one may have fewer. */
  readonly valuesPerMark: number
}

/** A row of small columns, at most `width` of them. Only 0 gets the lowest one. */
export function sparkline(values: readonly number[], width: number, isPlain: boolean): Sparkline {
  const valuesPerMark = Math.max(1, Math.ceil(values.length / Math.max(1, width)))
  const sums: number[] = []
  for (const [i, value] of values.entries()) {
    const at = Math.floor(i / valuesPerMark)
    sums[at] = (sums[at] ?? 0) + value
  }
  const marks = isPlain ? PLAIN_MARKS : MARKS
  const highest = sums.reduce((most, sum) => Math.max(most, sum), 1)
  const text = sums.map((sum) => marks[Math.ceil((sum / highest) * (marks.length - 1))]).join('')
  return { text, valuesPerMark }
}

/**
 * @module
 * CSV (RFC 4180) that no spreadsheet takes for formulas.
 */

/** Whether a spreadsheet would calculate with a text, once apostrophes before it are gone. */
export const isFormula = (text: string): boolean => /^'*[=+\-@\t\r]/.test(text)

export type CsvCell = string | number | boolean | null

/** `null` is the empty cell. Would-be formulas get a leading apostrophe. */
export function csvText(header: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  let text = lineOf(header)
  for (const row of rows) text += lineOf(row)
  return text
}

const lineOf = (cells: readonly CsvCell[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(value: CsvCell): string {
  if (typeof value !== 'string') return `${value ?? ''}`
  const text = isFormula(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

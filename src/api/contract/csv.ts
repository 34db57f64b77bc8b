/**
 * @module
 * CSV (RFC 4180) that no spreadsheet takes for formulas.
 */

/** Whether a spreadsheet would calculate with a text, once apostrophes before it are gone. */
export const isFormula = (text: string): boolean => /^'*[=+\-@\t\r]/.test(text)

export type CsvCell = string | number | boolean | null

/** A header, and lines as `csvLine` writes them. */
export function csvText(header: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  let text = csvLine(header)
  for (const row of rows) text += csvLine(row)
  return text
}

/** `null` is the empty cell. Would-be formulas get a leading apostrophe. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(value: CsvCell): string {
  if (typeof value !== 'string') return `${value ?? ''}`
  const text = isFormula(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

import { paint, print, printJson, type Terminal } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import type { ImportEnd } from './import-links.ts'
import type { ImportTotals } from './import-totals.ts'

export interface ImportReport {
  readonly format: string
  /** What the format does not bring along. */
  readonly caveats: readonly string[]
  readonly unit: 'line' | 'item'
  readonly dryRun: boolean
  readonly resumed: boolean
  readonly end: ImportEnd
  readonly totals: ImportTotals
  readonly seconds: number
  /** `undefined` = no rejects, or no file for them. */
  readonly rejectsPath: string | undefined
}

/** Of each list: what fits a screen. */
const MAX_LINES = 20

export function printReport(terminal: Terminal, report: ImportReport): void {
  const { totals, unit, dryRun, resumed, rejectsPath } = report
  const colour = (style: 'green' | 'yellow' | 'red' | 'dim', text: string): string =>
    paint(terminal, terminal.stdout, style, text)
  const counts = [
    [dryRun ? 'would be created' : 'created', totals.created, 'green'],
    [dryRun ? 'would be renamed' : 'created under another code', totals.renamed, 'yellow'],
    [dryRun ? 'would be updated' : 'updated', totals.updated, 'green'],
    ['skipped, there already', totals.skipped, 'dim'],
    ['rejected', totals.rejected, 'red'],
  ] as const
  const rate = report.seconds > 0 && !resumed ? `, ${number(totals.rows / report.seconds)} rows/s` : ''
  print(
    terminal,
    `${number(totals.rows)} rows in ${report.seconds.toFixed(1)} s${rate}${resumed ? ' (resumed)' : ''}`,
  )
  const more = totals.extra === 1 ? '1 more link, of a row' : `${number(totals.extra)} more links, of rows`
  if (totals.extra > 0) print(terminal, `  and ${more} with several codes`)
  for (const [label, count, style] of counts) {
    if (count > 0 || label.endsWith('created')) print(terminal, colour(style, `  ${number(count)} ${label}`))
  }
  for (const [text, count] of Object.entries(totals.notes)) {
    print(terminal, colour('yellow', `  note: ${number(count)} ${visible(text)}`))
  }
  const renames = totals.renames.map(({ line, from, to }) => `${unit} ${line}: ${from} -> ${to}`)
  const rejects = totals.rejects.map(({ line, reason }) => `${unit} ${line}: ${reason}`)
  list(terminal, renames, totals.renamed)
  list(terminal, rejects, totals.rejected)
  if (rejectsPath !== undefined) print(terminal, `All rejected rows: ${rejectsPath} (repair and import it)`)
}

function list(terminal: Terminal, lines: readonly string[], count: number): void {
  for (const line of lines.slice(0, MAX_LINES)) print(terminal, `  ${visible(line)}`)
  if (count > MAX_LINES) print(terminal, `  ... and ${number(count - MAX_LINES)} more`)
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en')
}

export function printReportJson(terminal: Terminal, report: ImportReport): void {
  const { end, totals, ...facts } = report
  const error = 'error' in end ? end.error.message : 'conflict' in end ? end.conflict.reason : undefined
  printJson(terminal, { ...facts, end: end.kind, error, ...totals })
}

import { paint, print, printJson, type Terminal } from '../../terminal/terminal.ts'
import { visible } from '../../terminal/visible.ts'
import type { Gathered } from './gather-visits.ts'
import type { SentVisits } from './send-visits.ts'

export interface VisitsReport extends Omit<Gathered, 'days'>, Omit<SentVisits, 'end'> {
  readonly format: string
  readonly caveats: readonly string[]
  readonly dryRun: boolean
  readonly end: string
  readonly error?: string
  /** See `VisitDays`. */
  readonly folded: number
  readonly seconds: number
}

const MAX_LINES = 20
const number = (value: number): string => Math.round(value).toLocaleString('en')

/** Rows = those of visits, skipped and rejected; visits = counted, before and refused, once all days are sent. */
export function printVisitsReport(terminal: Terminal, report: VisitsReport): void {
  const { dryRun, rows, visits, days, seconds } = report
  const colour = (style: 'green' | 'yellow' | 'red' | 'dim', text: string): void =>
    print(terminal, paint(terminal, terminal.stdout, style, text))
  print(
    terminal,
    `${number(rows)} rows with ${number(visits)} visits, ${number(days)} days of links, in ${seconds.toFixed(1)} s`,
  )
  colour('green', `  ${number(report.counted)} visits ${dryRun ? 'would be counted' : 'counted'}`)
  const others = [
    ['visits counted before', report.before, 'dim'],
    ['visits refused', report.refused, 'red'],
    ['rows skipped', report.skipped, 'dim'],
    ['rows rejected', report.rejected, 'red'],
    [
      'visits that only time and link are kept of: their day has too many different ones',
      report.folded,
      'yellow',
    ],
    ['visits that the log had no room for; they count all the same', report.unlogged, 'yellow'],
  ] as const
  for (const [label, count, style] of others) if (count > 0) colour(style, `  ${number(count)} ${label}`)
  for (const [text, count] of Object.entries(report.notes))
    colour('yellow', `  note: ${number(count)} ${visible(text)}`)
  const refusals = Object.entries(report.refusals)
  list(
    terminal,
    refusals.map(([text, count]) => `${number(count)} visits of ${text}`),
    refusals.length,
  )
  list(
    terminal,
    report.rejects.map(({ line, reason }) => `line ${line}: ${reason}`),
    report.rejected,
  )
}

function list(terminal: Terminal, lines: readonly string[], count: number): void {
  for (const line of lines.slice(0, MAX_LINES)) print(terminal, `  ${visible(line)}`)
  if (count > MAX_LINES) print(terminal, `  ... and ${number(count - MAX_LINES)} more`)
}

export const printVisitsReportJson = (terminal: Terminal, report: VisitsReport): void =>
  printJson(terminal, report)

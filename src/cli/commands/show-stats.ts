import type { StatsGroup, StatsResponse } from '../api/stats-responses.ts'
import { type Bar, isPlainTerminal, printBars } from '../terminal/bars.ts'
import { localTimes } from '../terminal/local-time.ts'
import { sparkline } from '../terminal/sparkline.ts'
import { printFields } from '../terminal/table.ts'
import { note, paint, print, type Terminal, widthOf } from '../terminal/terminal.ts'
import { visible } from '../terminal/visible.ts'
import { labelOf } from './dimension-labels.ts'
import { groupRows } from './stats-csv.ts'

export interface ShowStatsOptions {
  /** Of the link; `undefined` = it is not about one. */
  readonly name: string | undefined
  readonly by: readonly string[]
  /** How many values of each dimension. */
  readonly top: number
}

/** Totals, a sparkline and bars on a terminal; in a pipe a line for each number, which says what it is. */
export function showStats(terminal: Terminal, stats: StatsResponse, options: ShowStatsOptions): void {
  if (terminal.stdout.isTTY === true) showCharts(terminal, stats, options)
  else printLines(terminal, stats, options)
}

function showCharts(terminal: Terminal, stats: StatsResponse, options: ShowStatsOptions): void {
  const { from, to, timezone, totals, approximateBefore } = stats
  const localTime = localTimes(timezone, 'minute')
  printFields(terminal, [
    ...(options.name === undefined ? [] : [['link', options.name] as const]),
    ['time', `${localTime(from)} to ${localTime(to)} (${timezone})`],
    ...totalsOf(stats).map(([name, value]) => [name, value?.toLocaleString('en') ?? 'unknown'] as const),
  ])
  if (stats.series.every(({ hits }) => hits === 0)) {
    note(terminal, totals.hits === 0 ? '\nNo hits in this time.' : '\nMore is known once they are flushed.')
    return
  }
  showSeries(terminal, stats)
  const charts = options.by.flatMap((name) => {
    const group = stats.groups[name]
    const bars = group === undefined ? [] : barsOf(name, group, options.top)
    return group === undefined || bars.length === 0 ? [] : { title: titleOf(name, group, stats), bars }
  })
  printBars(terminal, charts)
  if (approximateBefore !== null) {
    note(terminal, `\nBefore ${localTime(approximateBefore)} only whole days of UTC are known.`)
  }
}

const totalsOf = ({ totals }: StatsResponse): (readonly [string, number | null])[] =>
  (['hits', 'people', 'bots', 'visitors', 'waiting'] as const).map((name) => [name, totals[name]])

function printLines(terminal: Terminal, stats: StatsResponse, { name, by }: ShowStatsOptions): void {
  const { from, to, timezone, interval, series, groups } = stats
  const lines: readonly (readonly (string | number | null)[])[] = [
    ...(name === undefined ? [] : [['link', name]]),
    ...[
      ['from', from],
      ['to', to],
      ['timezone', timezone],
    ],
    ...totalsOf(stats),
    ...series.map(({ at, hits, people, bots, visitors }) => [interval, at, hits, people, bots, visitors]),
    ...by.flatMap((dimension) => groupRows(groups[dimension]).map((row) => [dimension, ...row])),
  ]
  for (const line of lines) print(terminal, line.map((cell) => visible(`${cell ?? ''}`)).join('\t'))
}

function showSeries(terminal: Terminal, { series, interval, timezone }: StatsResponse): void {
  // Of bots only there are no people.
  const field = series.some(({ people }) => people > 0) ? 'people' : 'hits'
  const values = series.map((point) => point[field])
  const { text, valuesPerMark } = sparkline(values, widthOf(terminal), isPlainTerminal(terminal))
  const show = localTimes(timezone, interval === 'hour' ? 'minute' : 'day')
  const peak = values.indexOf(values.reduce((most, value) => Math.max(most, value), 0))
  const each = visible(valuesPerMark === 1 ? `each ${interval}` : `every ${valuesPerMark} ${interval}s`)
  print(terminal, `\n${paint(terminal, terminal.stdout, 'bold', `${field} ${each}`)}`)
  print(terminal, paint(terminal, terminal.stdout, 'cyan', text))
  print(terminal, `most: ${values[peak]?.toLocaleString('en')} at ${show(series[peak]?.at ?? '')}`)
}

/** `utmSource` as `UTM SOURCE`; with its days where they are not those of the range. */
function titleOf(dimension: string, group: StatsGroup, { from, to }: StatsResponse): string {
  const title = dimension.replaceAll(/[A-Z]/g, ' $&').toUpperCase()
  const days = daysOf(group)
  return days === daysOf({ from, to }) ? title : `${title} (${days}, UTC)`
}

/** As UTC days, both included. */
function daysOf({ from, to }: { readonly from: string; readonly to: string }): string {
  const show = localTimes('UTC', 'day')
  return `${show(from)} to ${show(Date.parse(to) - 1)}`
}

/** The first ones, and all others in one. */
function barsOf(dimension: string, { values, other }: StatsGroup, top: number): Bar[] {
  const bars = values
    .slice(0, top)
    .map(({ value, people }) => ({ label: labelOf(dimension, value), count: people }))
  const rest = values.slice(top).reduce((sum, { people }) => sum + people, other)
  return rest > 0 ? [...bars, { label: 'other', count: rest }] : bars
}

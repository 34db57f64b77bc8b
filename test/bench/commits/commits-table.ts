/**
 * @module
 * What the commits benchmark measured, as tables.
 */
import type { CommitsRow } from './bench-commits.ts'
import type { Pause } from './redis-pauses.ts'

/** What was not measured is NaN, and `null` once it has been saved. */
const isMissing = (value: number | null): value is null => value === null || Number.isNaN(value)
const ms = (value: number | null): string => (isMissing(value) ? '' : value.toFixed(value < 10 ? 1 : 0))
const percent = (share: number | null): string => (isMissing(share) ? '' : `${(100 * share).toFixed(0)} %`)

export const COMMITS_HEAD = `| isolates | hits of | p50 ms | p99 ms | max ms | GET p99 ms | Redis busy | script µs | Redis CPU µs a commit | commands a commit | load busy | counted |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`

export function commitsRow(row: CommitsRow): string {
  const cells = [
    row.isolates,
    row.isolates === 0 ? 'reads alone' : row.hits,
    ...[row.p50, row.p99, row.max, row.readP99].map(ms),
    percent(row.redisBusy),
    row.scriptUs?.toFixed(0) ?? '?',
    // Of few commits it is lost in what the reads take.
    row.commitUs === null || row.isolates < 1_000 ? '?' : row.commitUs.toFixed(0),
    row.commandsPerCommit?.toFixed(2) ?? '?',
    percent(row.loadBusy),
    percent(row.counted),
  ]
  return `| ${cells.join(' | ')} |`
}

const PAUSES_HEAD = `| Redis does nothing else for | CPU ms | shortest ms | median ms | longest ms |
| --- | ---: | ---: | ---: | ---: |`

export function pausesTable(pauses: readonly Pause[]): string {
  const rows = pauses.map(({ what, cpu, shortest, median, longest }) => {
    const figures = [cpu, shortest, median, longest].map((value) => value?.toFixed(2) ?? '?')
    return `| ${[what, ...figures].join(' | ')} |`
  })
  return [PAUSES_HEAD, ...rows].join('\n')
}

export const commitsTable = (rows: readonly CommitsRow[], pauses: readonly Pause[]): string =>
  `${[COMMITS_HEAD, ...rows.map(commitsRow)].join('\n')}\n\n${pausesTable(pauses)}`

import type { CsvCell } from '../../api/contract/csv.ts'
import { FOLDED } from '../../visits/visit.ts'
import type { StatsResponse } from '../api/stats-responses.ts'

export type CsvTable = readonly [header: readonly string[], rows: readonly (readonly CsvCell[])[]]

/** As the API's own CSV: the series, or the one dimension that was asked for. Of several, each row says which. */
export function statsTable({ series, groups }: StatsResponse, by: readonly string[]): CsvTable {
  const [only = ''] = by
  if (by.length === 0) {
    const rows = series.map(({ at, hits, people, bots, visitors }) => [at, hits, people, bots, visitors])
    return [['at', 'hits', 'people', 'bots', 'visitors'], rows]
  }
  const rows = by.flatMap((name) => groupRows(groups[name]).map((row) => [name, ...row]))
  if (by.length > 1) return [['dimension', 'value', 'people'], rows]
  return [[only, 'people'], rows.map(([, ...row]) => row)]
}

/** Values and people; those of all other values are those of `*`. */
export function groupRows(group: StatsResponse['groups'][string] | undefined): (readonly [string, number])[] {
  if (group === undefined) return []
  const { values, other } = group
  const rows = values.map(({ value, people }) => [value, people] as const)
  return other > 0 ? [...rows, [FOLDED, other]] : rows
}

import { DIMENSION_NAMES } from '../../src/visits/visit.ts'
import { parseVisitLines } from '../../src/visits/visit-lines.ts'

export interface ToldVisits {
  readonly linkId: string
  readonly utmSource: string
  readonly hits: number
}

export interface FittedLines {
  readonly told: readonly ToldVisits[]
  /** Link id -> counted hits of which no line tells. */
  readonly unknown: ReadonlyMap<string, number>
  readonly misses: number
  readonly corrupt: number
}

const HITS_FIELD = 3 + DIMENSION_NAMES.length

/** As Postgres does it: of each link the newest lines, until they tell of as many visits as were counted. */
export function fitLines(text: string, counted: ReadonlyMap<string, number>, now: number): FittedLines {
  const { visits, misses, corrupt } = parseVisitLines(text, now)
  const unknown = new Map(counted)
  const told: ToldVisits[] = []
  for (const line of visits.toReversed()) {
    const fields = line.split('\t')
    const linkId = fields[0] ?? ''
    const left = unknown.get(linkId) ?? 0
    const hits = Math.min(left, Number(fields[HITS_FIELD]))
    if (hits === 0) continue
    unknown.set(linkId, left - hits)
    told.push({ linkId, utmSource: fields[3 + DIMENSION_NAMES.indexOf('utmSource')] ?? '', hits })
  }
  return {
    told,
    unknown,
    misses: misses.reduce((sum, line) => sum + Number(line.split('\t')[4]), 0),
    corrupt,
  }
}

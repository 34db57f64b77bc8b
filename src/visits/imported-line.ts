import { DIMENSION_NAMES, QUARTER_S, type VisitValues } from './visit.ts'

/** Visits of one quarter of an hour that are alike, as someone else counted them. */
export interface AlikeVisits {
  /** Seconds since the epoch. */
  readonly at: number
  readonly hits: number
  readonly isBot: boolean
  readonly values: VisitValues
}

/** Their link is found by its name, in the statement that counts them. */
const NO_LINK_ID = '0'

/** Nobody sees more visits in a second of a log; those are at the beginning of their quarter. */
const MAX_ENTRIES = 60

/**
 * A line of visits that come from elsewhere, as `VisitLines` writes those that were counted here, without visitors. Of
 * up to 60 the second is kept. Values must be fit for a line; of bots only the country stays.
 */
export function importedLine({ at, hits, isBot, values }: AlikeVisits): string {
  const quarter = Math.floor(at / QUARTER_S)
  const kept = DIMENSION_NAMES.map((name) => (isBot && name !== 'country' ? '' : values[name]))
  const second = `${Math.floor(at - quarter * QUARTER_S)}`
  const entries = hits <= MAX_ENTRIES ? Array.from({ length: hits }, () => second).join() : ''
  return [NO_LINK_ID, quarter, isBot ? 'b' : '', ...kept, hits, entries].join('\t')
}

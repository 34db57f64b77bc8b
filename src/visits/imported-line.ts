import { NO_VALUES, type VisitValues } from './visit.ts'
import { lineName, secondOf } from './visit-lines.ts'

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

/** More visits than these are not told apart by seconds: they are at the beginning of their quarter. */
const MAX_ENTRIES = 60

/**
 * A line of visits that come from elsewhere, as `VisitLines` writes those that were counted here, without visitors. Of
 * up to 60 the second is kept. Values must be fit for a line; of bots only the country stays.
 */
export function importedLine({ at, hits, isBot, values }: AlikeVisits): string {
  const kept = isBot ? { ...NO_VALUES, country: values.country } : values
  const entries = hits <= MAX_ENTRIES ? Array.from({ length: hits }, () => secondOf(at)).join() : ''
  return [lineName({ linkId: NO_LINK_ID, at, isBot, values: kept }), hits, entries].join('\t')
}

import { log } from '../log.ts'
import type { AppliedHits } from './hit-totals.ts'

/** Of the segments that are logged as having lost something. */
const MAX_IDS = 10

/** What could not be counted, or is not known of what was counted. */
export function logLosses(applied: AppliedHits, segmentIds: readonly string[]): void {
  const { dropped, returned, repeated, unknownVisits, corruptLines, unloggedVisits } = applied
  const ids = segmentIds.slice(0, MAX_IDS)
  if (dropped > 0) log.warn('hits.dropped', { ids, hits: dropped })
  if (returned > 0) log.warn('hits.segment_came_back', { ids, segments: returned, hits: repeated })
  if (unknownVisits > 0 || corruptLines > 0) {
    log.warn('visits.unknown', { ids, visits: unknownVisits, corruptLines })
  }
  if (unloggedVisits > 0) log.warn('visits.unlogged', { ids, visits: unloggedVisits })
}

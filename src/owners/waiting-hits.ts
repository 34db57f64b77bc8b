import type { HitCounters } from '../hits/hit-counters.ts'
import { describeError, log } from '../log.ts'
import type { StatsScope, WaitingHits } from './stats-store.ts'

export type WaitingCounters = Pick<HitCounters, 'pending' | 'pendingLinks' | 'waiting'>

/**
 * The hits that Redis has for a scope, and possibly for other links. One round trip, to be made before Postgres is asked:
 * what is flushed in between is then in Postgres, under a segment's id known here. Resolves to `null` while Redis is down,
 * and when hits of too many links wait to be told apart.
 */
export async function waitingHits(
  counters: WaitingCounters,
  scope: StatsScope,
): Promise<readonly WaitingHits[] | null> {
  try {
    return await read(counters, scope)
  } catch (error) {
    log.warn('hits.pending_unknown', { error: describeError(error) })
    return null
  }
}

async function read(counters: WaitingCounters, scope: StatsScope): Promise<readonly WaitingHits[] | null> {
  if (scope.kind === 'domains' && scope.domains === null) {
    const segments = await counters.waiting()
    return segments.map(({ id, hits }) => ({ segment: id, linkId: null, hits }))
  }
  const ids = scope.kind === 'links' ? scope.filter.ids : undefined
  const segments = ids === undefined ? await counters.pendingLinks() : (await counters.pending(ids)).segments
  if (segments === null) return null
  return segments.flatMap(({ id, hits }) =>
    [...hits].flatMap(([linkId, count]) => (count === 0 ? [] : { segment: id, linkId, hits: count })),
  )
}

import { log } from '../log.ts'
import type { HitCounters, HitSegment } from './hit-counters.ts'
import type { HitTotals } from './hit-totals.ts'

export interface FlushOptions {
  readonly counters: Pick<HitCounters, 'claim' | 'release'>
  /** Opened only when there is something to flush, so that an idle cron leaves Postgres asleep. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
}

export interface FlushReport {
  /** Segments that waited in Redis, also those that an earlier or concurrent flush had applied. */
  readonly claimed: number
  /** Segments that this flush applied. */
  readonly batches: number
  /** Rows of link_hits written, over all statements. */
  readonly links: number
  readonly hits: number
}

/** A bound on one invocation (4 million counters); the next one goes on. */
const MAX_CLAIMS = 200

/**
 * Moves the hits that wait in Redis when it begins to Postgres: claim, apply, release, some segments at a time. A crash
 * between any two steps, or two flushes at once, still apply each segment exactly once, because Postgres remembers its
 * id.
 */
export async function flushHits({ counters, totals }: FlushOptions): Promise<FlushReport> {
  let report: FlushReport = { claimed: 0, batches: 0, links: 0, hits: 0 }
  let hasMore = true
  for (let claims = 0; hasMore && claims < MAX_CLAIMS; claims++) {
    const claim = await counters.claim(claims === 0)
    if (claim.segments.length === 0) break
    const applied = await (await totals()).apply(distinct(claim.segments))
    const ids = claim.segments.map(({ id }) => id)
    const { dropped, returned, repeated } = applied
    const named = ids.slice(0, 10)
    if (dropped > 0) log.warn('hits.dropped', { batches: named, hits: dropped })
    if (returned > 0)
      log.warn('hits.segment_came_back', { batches: named, segments: returned, hits: repeated })
    await counters.release(claim.segments)
    hasMore = claim.hasMore
    report = {
      claimed: report.claimed + ids.length,
      batches: report.batches + applied.batches,
      links: report.links + applied.links,
      hits: report.hits + applied.hits,
    }
  }
  if (report.claimed > 0) log.info('hits.flushed', { ...report })
  return report
}

/** Without the batches that Redis has forgotten to have, and got once more, though they are in a segment with others. */
function distinct(segments: readonly HitSegment[]): readonly HitSegment[] {
  const contained = new Set(
    segments.flatMap(({ id, newestBatches }) => newestBatches.filter((batch) => batch !== id)),
  )
  return segments.filter(({ id }) => !contained.has(id))
}

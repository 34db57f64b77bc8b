import { log } from '../log.ts'
import type { HitCounters, HitSegment } from './hit-counters.ts'
import type { HitTotals } from './hit-totals.ts'
import { logLosses } from './log-losses.ts'

export interface FlushOptions {
  readonly counters: Pick<HitCounters, 'claim' | 'release'>
  /** Opened only when there is something to flush, so that an idle cron leaves Postgres asleep. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
}

export interface FlushReport {
  /** Segments that waited in Redis, also those that an earlier or concurrent flush had applied. */
  readonly claimed: number
  /** Segments that this flush applied. */
  readonly segments: number
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
  let report: FlushReport = { claimed: 0, segments: 0, links: 0, hits: 0 }
  let hasMore = true
  for (let claims = 0; hasMore && claims < MAX_CLAIMS; claims++) {
    const claim = await counters.claim(claims === 0)
    if (claim.segments.length === 0) break
    const applied = await (await totals()).apply(distinct(claim.segments))
    logLosses(
      applied,
      claim.segments.map(({ id }) => id),
    )
    await counters.release(claim.segments)
    hasMore = claim.hasMore
    report = {
      claimed: report.claimed + claim.segments.length,
      segments: report.segments + applied.segments,
      links: report.links + applied.links,
      hits: report.hits + applied.hits,
    }
  }
  if (report.claimed > 0) log.info('hits.flushed', { ...report })
  return report
}

/**
 * Without segments of one batch that is in another segment too: Redis had forgotten that it has the batch, and got it
 * once more.
 */
function distinct(segments: readonly HitSegment[]): readonly HitSegment[] {
  const contained = new Set(
    segments.flatMap(({ id, newestBatches }) => newestBatches.filter((batch) => batch !== id)),
  )
  return segments.filter(({ id }) => !contained.has(id))
}

import { log } from '../log.ts'
import { isCutShort } from '../subrequest-limit.ts'
import type { Budget } from '../subrequests.ts'
import type { HitCounters, HitSegment } from './hit-counters.ts'
import type { HitTotals } from './hit-totals.ts'
import { logLosses } from './log-losses.ts'

export interface FlushOptions {
  readonly counters: Pick<HitCounters, 'claim' | 'release'>
  /** Opened only when there is something to flush, so that an idle cron leaves Postgres asleep. */
  readonly totals: () => Promise<Pick<HitTotals, 'apply'>>
  /** Of requests to both stores. */
  readonly budget: Budget
}

export interface FlushReport {
  /** Segments that waited in Redis, also those that an earlier or concurrent flush had applied. */
  readonly claimed: number
  /** Segments that this flush applied. */
  readonly segments: number
  /** Rows of link_hits written, over all statements. */
  readonly links: number
  readonly hits: number
  /** Whether it stopped before the end, because one invocation may do only so much: another flush goes on there. */
  readonly hasMore: boolean
}

/** A bound on one invocation (4 million counters); the next one goes on. */
const MAX_CLAIMS = 200
/** Requests: claim, apply, release. */
const REQUESTS_PER_CLAIM = 3

/**
 * Moves the hits that wait in Redis when it begins to Postgres: claim, apply, release, some segments at a time. A crash
 * between any two steps, or two flushes at once, still apply each segment exactly once, because Postgres remembers its
 * id. So does one that stops because its invocation may send no more requests.
 */
export async function flushHits({ counters, totals, budget }: FlushOptions): Promise<FlushReport> {
  let report: FlushReport = { claimed: 0, segments: 0, links: 0, hits: 0, hasMore: true }

  async function moveSome(isFirst: boolean): Promise<void> {
    const claim = await counters.claim(isFirst)
    if (claim.segments.length === 0) {
      report = { ...report, hasMore: false }
      return
    }
    const applied = await (await totals()).apply(distinct(claim.segments))
    const ids = claim.segments.map(({ id }) => id)
    logLosses(applied, ids)
    report = {
      claimed: report.claimed + claim.segments.length,
      segments: report.segments + applied.segments,
      links: report.links + applied.links,
      hits: report.hits + applied.hits,
      hasMore: true,
    }
    await counters.release(claim.segments)
    report = { ...report, hasMore: claim.hasMore }
  }

  try {
    for (let claims = 0; report.hasMore && claims < MAX_CLAIMS; claims++) {
      if (budget.left() < REQUESTS_PER_CLAIM) break
      await moveSome(claims === 0)
    }
  } catch (error) {
    if (!isCutShort(error)) throw error
  }
  if (report.claimed > 0 || report.hasMore) log.info('hits.flushed', { ...report })
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

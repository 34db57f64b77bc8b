import { log } from '../log.ts'
import type { HitCounters, HitSegment } from './hit-counters.ts'
import type { AppliedHits, HitTotals } from './postgres-hits.ts'

export interface FlushOptions {
  readonly counters: HitCounters
  /** Opened only when there is something to flush, so that an idle cron leaves Postgres asleep. */
  readonly totals: () => Promise<HitTotals>
}

export interface FlushReport {
  /** Segments that this flush applied; ones that an earlier or concurrent flush had applied do not count. */
  readonly batches: number
  /** Rows of link_hits written, over all batches. */
  readonly links: number
  readonly hits: number
}

/** A bound on one invocation (4 million counters); the next one goes on. */
const MAX_SEGMENTS = 200

/**
 * Moves the hits that wait in Redis to Postgres, segment by segment: claim, apply, release. A crash between any two
 * steps, or two flushes at once, still apply each segment exactly once, because Postgres remembers its id.
 * Pruning rides along because Postgres is awake anyway.
 */
export async function flushHits({ counters, totals }: FlushOptions): Promise<FlushReport> {
  let report: FlushReport = { batches: 0, links: 0, hits: 0 }
  let store: HitTotals | null = null
  for (let claims = 0; claims < MAX_SEGMENTS; claims++) {
    const segment = await counters.claim()
    if (segment === null) break
    store ??= await totals()
    const applied = await store.apply(segment)
    reportDropped(segment, applied)
    await counters.release(segment.id)
    report = {
      batches: report.batches + (applied.fresh ? 1 : 0),
      links: report.links + applied.links,
      hits: report.hits + applied.hits,
    }
  }
  if (store !== null) {
    await store.prune()
    log.info('hits.flushed', { ...report })
  }
  return report
}

function reportDropped({ id, hits }: HitSegment, applied: AppliedHits): void {
  if (!applied.fresh || applied.links === hits.size) return
  const counted = [...hits.values()].reduce((sum, count) => sum + count, 0)
  log.warn('hits.dropped', { batch: id, links: hits.size - applied.links, hits: counted - applied.hits })
}

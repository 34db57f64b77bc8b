import { LinkrError } from '../errors.ts'
import type { FlushReport } from '../hits/flush.ts'
import type { HitCounters } from '../hits/hit-counters.ts'

/** More hits wait for Postgres than one request can flush. */
export class HitsWaiting extends LinkrError {
  override readonly name = 'HitsWaiting' as const
  readonly code = 'hits_waiting' as const
  readonly status = 503 as const

  constructor() {
    super('So many hits wait for Postgres that a flush takes several requests. Try again.')
  }
}

export interface FlushAllOptions {
  /** Leaves enough of the invocation's subrequests to the write that follows. */
  readonly flush: () => Promise<Pick<FlushReport, 'hasMore'>>
  readonly counters: Pick<HitCounters, 'pending'>
}

/** Of the largest backlog that a flush was tried with. */
const MAX_FLUSHES = 3

/** Brings all hits to Postgres that wait in Redis now. Throws `HitsWaiting`, `SourceUnavailable`. */
export async function flushAll({ flush, counters }: FlushAllOptions): Promise<void> {
  for (let flushes = 0; flushes < MAX_FLUSHES; flushes++) {
    const { hasMore } = await flush()
    if (hasMore) break
    // The first one is being filled.
    const { segments } = await counters.pending([])
    if (segments.length <= 1) return
  }
  throw new HitsWaiting()
}

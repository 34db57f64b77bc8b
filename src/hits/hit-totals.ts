import type { HitSegment } from './hit-counters.ts'

/** What applying some segments did. */
export interface AppliedHits {
  /** Segments that changed something; the others had been applied before. */
  readonly segments: number
  readonly links: number
  readonly hits: number
  /** Hits that were not counted, now or before: of links that are gone, or that cannot be told from counted ones. */
  readonly dropped: number
  /** Segments that came again with other batches: Redis went back to an earlier time. */
  readonly returned: number
  /** Hits of those that were taken for counted ones. If there had been more before Redis went back, some were new. */
  readonly repeated: number
  /** Hits that were counted, of which no line tells. */
  readonly unknownVisits: number
  /** Lines that are none. */
  readonly corruptLines: number
}

/** Where hits end up. */
export interface HitTotals {
  /**
   * Adds the hits of segments, once however often they are applied, in one statement. Hits of unknown links are dropped.
   * If Redis went back to an earlier time, a segment may come again with other hits: then of each link what it has more
   * than before is added. What is known of them is what lines in `visits` tell, fitted to the counters.
   */
  apply(segments: readonly HitSegment[]): Promise<AppliedHits>
  /** Forgets what was applied long ago. */
  prune(): Promise<void>
}

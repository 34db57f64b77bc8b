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
  /** Hits that no line told of: counted as visits of people of whom nothing is known. */
  readonly unknownVisits: number
  /** Lines that could not be read. */
  readonly corruptLines: number
  /** Hits that are in all statistics and not in the log, which takes so many of a statement only. */
  readonly unloggedVisits: number
}

/** Where hits end up. */
export interface HitTotals {
  /**
   * Adds the hits of segments, once however often they are applied, in one statement. Hits of unknown links are dropped.
   * If Redis went back to an earlier time, a segment may come again with other hits: then of each link what it has more
   * than before is added.
   *
   * The text of their visits is fitted to them: see visit-rows.ts.
   */
  apply(segments: readonly HitSegment[]): Promise<AppliedHits>
  /** Forgets what was applied long ago. */
  prune(): Promise<void>
}

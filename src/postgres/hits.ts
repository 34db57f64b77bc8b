import { sql } from 'drizzle-orm'
import { SourceUnavailable } from '../errors.ts'
import type { HitSegment } from '../hits/hit-counters.ts'
import { applyHits } from './apply-hits.ts'
import type { Database } from './client.ts'

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
}

/** Where hits end up. */
export interface HitTotals {
  /**
   * Adds the hits of segments, once however often they are applied, in one statement. Hits of unknown links are dropped.
   * If Redis went back to an earlier time, a segment may come again with other hits: then of each link what it has more
   * than before is added.
   */
  apply(segments: readonly HitSegment[]): Promise<AppliedHits>
  /** Forgets what was applied long ago. */
  prune(): Promise<void>
}

/** Far longer than any cron could be down and then find an old claim in Redis. */
const KEEP_IDS_FOR = '30 days'
/** No isolate lives that long to send its batch again. */
const KEEP_NEWEST_BATCHES_FOR = '1 day'
/** Longer than a segment that comes back may go on taking hits: IDLE_SEGMENT_MS and then the time to the next cron. */
const KEEP_COUNTS_FOR = '3 hours'
/** A flush that applies the same segment at the same moment. */
const MAX_TRIES = 3

/** @param within milliseconds a statement may take: many rows, on a Postgres that may have to wake up first. */
export function postgresHits(database: Database, within: number): HitTotals {
  return {
    async apply(segments) {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const [row] = await database.execute<Record<string, string>>(applyHits(segments), within)
        if (Number(row?.unsettled ?? 0) > 0) continue
        const number = (name: keyof AppliedHits): number => Number(row?.[name] ?? 0)
        return {
          ...{ segments: number('segments'), links: number('links'), hits: number('hits') },
          ...{ dropped: number('dropped'), returned: number('returned'), repeated: number('repeated') },
        }
      }
      throw new SourceUnavailable('postgres', new Error('others kept applying the same hits'))
    },

    async prune() {
      await database.execute(
        sql`WITH emptied AS (
          UPDATE applied_hits SET link_ids = NULL, counts = NULL
          WHERE link_ids IS NOT NULL AND applied_at < now() - ${KEEP_COUNTS_FOR}::interval
            AND applied_at >= now() - ${KEEP_IDS_FOR}::interval
        )
        DELETE FROM applied_hits WHERE applied_at < now() - ${KEEP_IDS_FOR}::interval
          OR hits IS NULL AND applied_at < now() - ${KEEP_NEWEST_BATCHES_FOR}::interval`,
        within,
      )
    },
  }
}

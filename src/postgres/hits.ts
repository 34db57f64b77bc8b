import { sql } from 'drizzle-orm'
import { SourceUnavailable } from '../errors.ts'
import type { AppliedHits, HitTotals } from '../hits/hit-totals.ts'
import { applyHits } from './apply-hits.ts'
import type { Database } from './client.ts'

/** Far longer than any cron could be down and then find an old claim in Redis. */
const KEEP_BATCH_IDS_FOR = '30 days'
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
          ...{ batches: number('batches'), links: number('links'), hits: number('hits') },
          ...{ dropped: number('dropped'), returned: number('returned'), repeated: number('repeated') },
        }
      }
      throw new SourceUnavailable('postgres', new Error('others kept applying the same hits'))
    },

    async prune() {
      await database.execute(
        sql`WITH emptied AS (
          UPDATE hit_batches SET link_ids = NULL, counts = NULL
          WHERE link_ids IS NOT NULL AND applied_at < now() - ${KEEP_COUNTS_FOR}::interval
            AND applied_at >= now() - ${KEEP_BATCH_IDS_FOR}::interval
        )
        DELETE FROM hit_batches WHERE applied_at < now() - ${KEEP_BATCH_IDS_FOR}::interval
          OR hits IS NULL AND applied_at < now() - ${KEEP_NEWEST_BATCHES_FOR}::interval`,
        within,
      )
    },
  }
}

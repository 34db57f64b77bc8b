import { sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import type { HitSegment } from './hit-counters.ts'

/** What applying one segment did. */
export interface AppliedHits {
  /** `false` = the segment had been applied before, and nothing was changed. */
  readonly fresh: boolean
  readonly links: number
  readonly hits: number
}

/** Where hits end up. */
export interface HitTotals {
  /** Adds a segment's hits, once however often it is applied, in one statement. Hits of unknown links are dropped. */
  apply(segment: HitSegment): Promise<AppliedHits>
  /** Which of these segments have been applied. */
  applied(ids: readonly string[]): Promise<readonly string[]>
  /** Forgets the ids of segments applied long ago. */
  prune(): Promise<void>
}

/** Far longer than any cron could be down and then find an old claim in Redis. */
const KEEP_BATCH_IDS_FOR = '30 days'

export function postgresHits(database: Database): HitTotals {
  return {
    async apply({ id, hits }) {
      const linkIds = `{${[...hits.keys()].join(',')}}`
      const counts = `{${[...hits.values()].join(',')}}`
      // FOR KEY SHARE: a link deleted meanwhile would fail the foreign key, and with it the whole segment.
      // ORDER BY: two flushes then lock rows in the same order and cannot deadlock.
      const rows = await database.execute<{ fresh: boolean; links: string; hits: string }>(sql`
        WITH batch AS (
          INSERT INTO hit_batches (id) VALUES (${id}) ON CONFLICT DO NOTHING RETURNING id
        ), counted AS (
          SELECT links.id, counter.hits
          FROM unnest(${linkIds}::bigint[], ${counts}::bigint[]) AS counter (link_id, hits)
          JOIN links ON links.id = counter.link_id
          WHERE EXISTS (SELECT FROM batch)
          ORDER BY links.id
          FOR KEY SHARE OF links
        ), added AS (
          INSERT INTO link_hits (link_id, hits, last_hit_at)
          SELECT id, hits, now() FROM counted
          ON CONFLICT (link_id) DO UPDATE
          SET hits = link_hits.hits + excluded.hits, last_hit_at = excluded.last_hit_at
          RETURNING link_id
        )
        SELECT EXISTS (SELECT FROM batch) AS fresh,
          (SELECT count(*) FROM added) AS links,
          (SELECT coalesce(sum(hits), 0) FROM counted) AS hits`)
      const row = rows[0]
      return { fresh: row?.fresh === true, links: Number(row?.links ?? 0), hits: Number(row?.hits ?? 0) }
    },

    async applied(ids) {
      const rows = await database.execute<{ id: string }>(sql`
        SELECT id FROM hit_batches
        WHERE id IN (SELECT jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`)
      return rows.map(({ id }) => id)
    },

    async prune() {
      await database.execute(
        sql`DELETE FROM hit_batches WHERE applied_at < now() - ${KEEP_BATCH_IDS_FOR}::interval`,
      )
    },
  }
}

import { type SQL, sql } from 'drizzle-orm'
import type { HitSegment } from '../hits/hit-counters.ts'
import { DAY_COUNTS } from './day-counts.ts'
import { missedCodes } from './missed-codes.ts'
import { PACKED_DETAILS } from './packed-details.ts'
import { appliedHits, linkHits, links } from './schema.ts'
import { visitLog } from './visit-log.ts'
import { type NumberedLines, visitRows } from './visit-rows.ts'
import { VISITOR_SKETCHES } from './visitor-sketch.ts'

/** What is known of the hits of segments. */
export interface KnownVisits {
  readonly visits: NumberedLines
  readonly misses: NumberedLines
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Seconds since the epoch; older visits are not logged. `null` = there is no log. */
  readonly logSince: number | null
}

/**
 * The statement that adds segments to `link_hits` and to all statistics, each once. It writes down their ids and what they counted, and the
 * ids of the newest batches in them: a batch that is sent once more after Redis has forgotten it comes as a segment of
 * its own, under its id.
 *
 * - A segment that is new counts, less what came of its newest batches on their own.
 * - One that was applied before counts with what it has more than then of any link, if that is still known.
 * - `dropped` are hits of links that are gone, and those of a segment of which it is not known any more.
 * - `returned` are those that were applied before and have batches which are new: Redis went back. `repeated` are the hits
 *   in them that were taken for counted ones.
 * - `unsettled` > 0 = another statement is applying one of them right now, of which this one cannot see the rows yet:
 *   nothing of that segment was done, and it has to be tried again.
 * - `unknown_visits` are hits that no line told of, `unlogged_visits` those that the log had no room for.
 *
 * Each count of a statistic comes from `visited`, which has as many hits as `counted`: so they add up with `link_hits`.
 *
 * ORDER BY: two flushes then lock rows in the same order and cannot deadlock.
 * FOR KEY SHARE: a link deleted meanwhile would fail the foreign key, and with it all segments.
 */
export function applyHits(
  segments: readonly HitSegment[],
  { visits, misses, now, logSince }: KnownVisits,
): SQL {
  const ids = segments.map(({ id }) => id)
  const batches = segments.flatMap(({ id: own, newestBatches }, i) =>
    newestBatches.filter((id) => id !== own).map((id) => ({ no: i + 1, id })),
  )
  const counters = segments.flatMap(({ hits }, i) => [...hits].map(([id, count]) => [i + 1, id, count]))
  const column = (index: number): string => `{${counters.map((counter) => counter[index]).join(',')}}`

  return sql`
    WITH segments AS MATERIALIZED (
      SELECT no, id FROM jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) WITH ORDINALITY AS s (id, no)
    ), batches AS MATERIALIZED (
      SELECT no, id FROM jsonb_to_recordset(${JSON.stringify(batches)}::jsonb) AS b (no bigint, id text)
    ), counters AS MATERIALIZED (
      SELECT no, link_id, hits
      FROM unnest(${column(0)}::bigint[], ${column(1)}::bigint[], ${column(2)}::bigint[]) AS c (no, link_id, hits)
    ), totals AS MATERIALIZED (
      SELECT no, id, coalesce(sum(hits), 0)::bigint AS hits,
        coalesce(array_agg(link_id) FILTER (WHERE hits IS NOT NULL), '{}') AS link_ids,
        coalesce(array_agg(hits) FILTER (WHERE hits IS NOT NULL), '{}') AS counts
      FROM segments LEFT JOIN counters USING (no) GROUP BY no, id
    ), known AS MATERIALIZED (
      SELECT n.no, n.is_own, b.* FROM (
        SELECT no, id, true AS is_own FROM segments UNION ALL SELECT no, id, false FROM batches
      ) AS n JOIN ${appliedHits} b USING (id)
    ), applied AS MATERIALIZED (
      SELECT k.no, a.link_id, sum(a.hits) AS hits
      FROM known k CROSS JOIN unnest(k.link_ids, k.counts) AS a (link_id, hits)
      WHERE k.is_own OR NOT EXISTS (SELECT FROM known o WHERE o.no = k.no AND o.is_own)
      GROUP BY k.no, a.link_id
    ), inserted AS (
      INSERT INTO ${appliedHits} (id, hits, link_ids, counts)
      SELECT id, hits, link_ids, counts FROM totals
      UNION ALL SELECT DISTINCT id, NULL::bigint, NULL::bigint[], NULL::bigint[] FROM batches
      ORDER BY 1
      ON CONFLICT DO NOTHING RETURNING id
    ), merged AS MATERIALIZED (
      SELECT k.id, k.hits AS hits_before, m.* FROM known k CROSS JOIN LATERAL (
        SELECT array_agg(link_id) AS link_ids, array_agg(hits) AS counts, sum(hits)::bigint AS hits FROM (
          SELECT link_id, max(hits) AS hits FROM (
            SELECT link_id, hits FROM counters c WHERE c.no = k.no
            UNION ALL SELECT * FROM unnest(k.link_ids, k.counts)
          ) AS both_times (link_id, hits) GROUP BY link_id
        ) AS by_link
      ) AS m WHERE k.is_own AND k.link_ids IS NOT NULL AND m.hits > k.hits
    ), grown AS (
      UPDATE ${appliedHits} b SET hits = m.hits, link_ids = m.link_ids, counts = m.counts
      FROM merged m WHERE b.id = m.id AND b.hits = m.hits_before RETURNING b.id
    ), accepted AS MATERIALIZED (
      SELECT no, id FROM segments WHERE id IN (SELECT id FROM inserted UNION ALL SELECT id FROM grown)
    ), news AS MATERIALIZED (
      SELECT c.link_id, sum(c.hits - coalesce(a.hits, 0)) AS hits
      FROM accepted JOIN counters c USING (no) LEFT JOIN applied a USING (no, link_id)
      WHERE c.hits > coalesce(a.hits, 0) GROUP BY c.link_id
    ), counted AS (
      SELECT links.id, links.domain, news.hits FROM news JOIN ${links} ON links.id = news.link_id
      ORDER BY links.id
      FOR KEY SHARE OF links
    ), ${visitRows(visits, now)}, added AS (
      INSERT INTO ${linkHits} (link_id, hits, bots, last_hit_at)
      SELECT id, hits, coalesce(bots, 0), now() FROM counted LEFT JOIN (
        SELECT link_id, sum(hits)::bigint AS bots FROM fitted WHERE is_bot GROUP BY link_id
      ) AS b ON b.link_id = id
      ORDER BY id
      ON CONFLICT (link_id) DO UPDATE SET hits = link_hits.hits + excluded.hits, bots = link_hits.bots + excluded.bots,
        last_hit_at = excluded.last_hit_at
      RETURNING link_id
    ), ${VISITOR_SKETCHES}, ${DAY_COUNTS}, ${PACKED_DETAILS}, ${visitLog(logSince)}, ${missedCodes(misses)}, returned AS MATERIALIZED (
      SELECT k.no FROM known k WHERE k.is_own
        AND EXISTS (SELECT FROM batches b JOIN inserted USING (id) WHERE b.no = k.no)
    ), unseen AS (
      SELECT id FROM (SELECT id FROM segments UNION ALL SELECT id FROM batches) AS named
      EXCEPT SELECT id FROM known EXCEPT SELECT id FROM inserted
    )
    SELECT (SELECT count(*) FROM accepted) AS segments,
      (SELECT count(*) FROM added) AS links,
      (SELECT coalesce(sum(hits), 0) FROM counted) AS hits,
      (SELECT coalesce(sum(hits), 0) FROM news) - (SELECT coalesce(sum(hits), 0) FROM counted) + (
        SELECT coalesce(sum(greatest(t.hits - k.hits, 0)), 0)
        FROM totals t JOIN known k USING (no) WHERE k.is_own AND k.link_ids IS NULL
      ) AS dropped,
      (SELECT count(*) FROM returned) AS returned,
      (SELECT coalesce(sum(least(c.hits, a.hits)), 0)
        FROM returned JOIN counters c USING (no) JOIN applied a USING (no, link_id)) AS repeated,
      (SELECT coalesce(sum(hits), 0) FROM unknown) AS unknown_visits,
      (SELECT hits FROM to_log) - (SELECT count(*) FROM logged) AS unlogged_visits,
      (SELECT count(*) FROM segments JOIN unseen USING (id))
        + (SELECT count(*) FROM merged) - (SELECT count(*) FROM grown) AS unsettled,
      -- A batch on its own that cannot be seen yet cannot be subtracted either: an error undoes it all.
      1 / (NOT EXISTS (SELECT FROM accepted JOIN batches b USING (no) JOIN unseen ON unseen.id = b.id))::int AS settled`
}

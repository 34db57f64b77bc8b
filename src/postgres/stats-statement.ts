import { type SQL, sql } from 'drizzle-orm'
import type { StatsQuery, WaitingHits } from '../owners/stats-store.ts'
import { QUARTER_LETTERS, QUARTER_S } from '../visits/visit.ts'
import { appliedHits } from './schema.ts'
import { dateOf, detailTables, EPOCH } from './stats-details.ts'
import { GROUPS, rankedGroups } from './stats-groups.ts'
import { type ScopeTables, scopeTables } from './stats-scope.ts'

/**
 * One row with everything that the sums of days tell. A day counts by its row of counts; the quarters of its details only
 * divide it between points. What they do not tell of, as of a day that was added to its month, goes where `point` says: so
 * the points add up to the days.
 *
 * OFFSET 0 makes it a look-up by index for each link; the planner would rather read a whole table.
 */
export function statsStatement(query: StatsQuery, waiting: readonly WaitingHits[]): SQL {
  const { range, groupBy, scope } = query
  const { points, end, days } = range
  const tables = scopeTables(scope)
  const { people, bots } = QUARTER_LETTERS
  const quarter = sql`n * 86400::bigint + value::int * ${QUARTER_S}::int`
  return sql`
    WITH chosen AS MATERIALIZED (${tables.chosen}),
    asked AS MATERIALIZED (
      SELECT * FROM unnest(${listOf(days.map(({ day }) => day))}::int[], ${listOf(days.map(({ whole }) => whole))}::int[],
        ${listOf(days.map(({ point }) => point))}::int[], ${listOf(days.map(({ isCounted }) => isCounted))}::boolean[]
      ) AS a (n, whole, point, is_counted)
    ), days AS MATERIALIZED (
      SELECT n, whole, point, is_counted, sum(hits) AS hits, sum(bots) AS bots, sum(visitors) AS visitors
      FROM chosen CROSS JOIN LATERAL (
        SELECT day, hits, bots, visitors FROM ${tables.days} AS d WHERE d.${tables.key} = chosen.key
          AND day BETWEEN ${dateOf(days[0]?.day ?? 0)} AND ${dateOf(days.at(-1)?.day ?? 0)} OFFSET 0
      ) AS d JOIN asked ON n = day - ${EPOCH} GROUP BY n, whole, point, is_counted
    ), ${detailTables(query, tables)}, quarters AS MATERIALIZED (
      SELECT n, width_bucket(${quarter}, ${listOf([...points, end])}::bigint[]) AS point, sum(people) AS hits,
        coalesce(sum(people) FILTER (WHERE letter = ${bots}), 0) AS bots
      FROM told WHERE letter IN (${people}, ${bots}) GROUP BY 1, 2
    ), untold AS MATERIALIZED (
      SELECT n, point, greatest(hits - coalesce(told_hits, 0), 0) AS hits, greatest(bots - coalesce(told_bots, 0), 0) AS bots
      FROM days LEFT JOIN (
        SELECT n, sum(hits) AS told_hits, sum(bots) AS told_bots FROM quarters GROUP BY n
      ) AS q USING (n) WHERE whole = 0
    ), counted AS (
      SELECT point, sum(hits) AS hits, sum(bots) AS bots FROM (
        SELECT whole AS point, hits, bots FROM days WHERE whole > 0
        UNION ALL SELECT point, hits, bots FROM quarters
        UNION ALL SELECT point, hits, bots FROM untold
      ) AS parts WHERE point BETWEEN 1 AND ${points.length} GROUP BY point
    ), visited AS (
      SELECT point, sum(visitors) AS visitors FROM days WHERE point > 0 GROUP BY point
    ), ${rankedGroups(groupBy)}
    SELECT (SELECT count(*) FROM chosen) AS links,
      (SELECT json_agg(json_build_array(point, coalesce(hits, 0), coalesce(bots, 0), visitors))
        FROM counted FULL JOIN visited USING (point)) AS points,
      (SELECT coalesce(sum(visitors), 0) FROM days WHERE is_counted) AS visitors,
      (SELECT max(n) + 1 FROM untold WHERE hits > 0) AS divided_since,
      (SELECT json_build_array(min(first) * 86400::bigint, max(next) * 86400::bigint) FROM group_days) AS group_range,
      ${GROUPS} AS groups,
      ${waitingHits(waiting, tables)} AS waiting`
}

/** An array's literal. */
export const listOf = (items: readonly (number | boolean)[]): string => `{${items.join(',')}}`

/** Those that no applied segment has. */
function waitingHits(waiting: readonly WaitingHits[], { hasLink }: ScopeTables): SQL {
  const rows = waiting.map(({ segment, linkId, hits }) => ({ segment, link_id: linkId, hits }))
  return sql`(
    SELECT coalesce(sum(hits), 0)
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS w (segment text, link_id bigint, hits bigint)
    WHERE NOT EXISTS (SELECT FROM ${appliedHits} AS a WHERE a.id = segment)
      AND (link_id IS NULL OR ${hasLink(sql.raw('w.link_id'))}))`
}

import { type SQL, sql } from 'drizzle-orm'
import type { StatsQuery, VisitFilter } from '../owners/stats-store.ts'
import { DIMENSIONS, type Dimension } from '../visits/visit.ts'
import { isBetween, isWanted, LOG_COLUMNS, scopeVisits } from './logged-visits.ts'
import { GROUPS, rankedGroups } from './stats-groups.ts'
import { scopeTables } from './stats-scope.ts'
import { listOf } from './stats-statement.ts'

/** As `statsStatement`, from the visit log: of the visits that a filter leaves. */
export function loggedStatsStatement({ scope, range, groupBy }: StatsQuery, filter: VisitFilter): SQL {
  const { from, to, points, end } = range
  const condition = sql`${isBetween(from, to)} AND ${isWanted(filter)}`
  // A visitor is one of a day.
  const visitor = sql.raw('((second / 86400) << 32) | (visitor::bigint & 4294967295)')
  const visitors = sql`count(DISTINCT ${visitor}) FILTER (WHERE visitor IS NOT NULL AND NOT is_bot)`
  return sql`
    WITH chosen AS MATERIALIZED (${scopeTables(scope).chosen}),
    found AS MATERIALIZED (
      SELECT extract(epoch FROM at)::bigint AS second, is_bot, visitor${sql.join(groupBy.map((name) => sql`, ${columnOf(name)}`))}
      FROM (${scopeVisits(scope, condition)}) AS visits
    ), counted AS (
      SELECT width_bucket(second, ${listOf([...points, end])}::bigint[]) AS point, count(*) AS hits,
        count(*) FILTER (WHERE is_bot) AS bots, ${visitors} AS visitors
      FROM found GROUP BY 1
    ), told AS MATERIALIZED (
      SELECT letter, value, count(*) AS people
      FROM found CROSS JOIN LATERAL (${valuesOf(groupBy)}) AS v (letter, value)
      WHERE NOT is_bot GROUP BY letter, value
    ), ${rankedGroups(groupBy, true)}
    SELECT (SELECT count(*) FROM chosen) AS links,
      (SELECT json_agg(json_build_array(point, hits, bots, visitors)) FROM counted) AS points,
      (SELECT ${visitors} FROM found) AS visitors,
      NULL AS divided_since,
      ${JSON.stringify([from, to])}::json AS group_range,
      ${GROUPS} AS groups,
      0 AS waiting`
}

const columnOf = (name: Dimension): SQL => sql`${sql.identifier(LOG_COLUMNS[name].name)}`

function valuesOf(groupBy: readonly Dimension[]): SQL {
  if (groupBy.length === 0) return sql`SELECT NULL::text, NULL::text WHERE FALSE`
  const rows = groupBy.map((name) => sql`(${DIMENSIONS[name].letter}::text, found.${columnOf(name)})`)
  return sql`VALUES ${sql.join(rows, sql`, `)}`
}

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import { DIMENSION_NAMES, QUARTER_S } from '../visits/visit.ts'
import { visits } from './visit-schema.ts'

/**
 * Rows that one statement writes at most, so that no segment is too large to be applied: 512 KB of lines have a fifth of
 * that in entries. Hits beyond it, which only lines without entries tell of, are in days and details like all others.
 */
export const MAX_LOGGED = 100_000

const COLUMNS = sql.raw(DIMENSION_NAMES.map((name) => `"${getTableColumns(visits)[name].name}"`).join(', '))
const VALUES = sql.raw(DIMENSION_NAMES.map((_, i) => `vals[${i + 1}]`).join(', '))

/**
 * Adds a row a hit of `visited` to the log. Hits that no entry tells of are logged at the beginning of their quarter.
 * @param since seconds since the epoch; older visits are not logged. `null` = there is no log.
 */
export function visitLog(since: number | null): SQL {
  const isRecent = since === null ? sql`false` : sql`quarter >= ${Math.floor(since / QUARTER_S)}::bigint`
  return sql`
    logged AS (
      INSERT INTO ${visits} (link_id, at, is_bot, visitor, ${COLUMNS})
      SELECT link_id, to_timestamp(quarter * ${sql.raw(`${QUARTER_S}`)} + second), is_bot, visitor, ${VALUES} FROM (
        SELECT link_id, quarter, second, is_bot, visitor, vals FROM entered
        UNION ALL
        SELECT link_id, quarter, 0, is_bot, NULL, vals FROM visited
        CROSS JOIN LATERAL generate_series(1, least(hits - least(hits, cardinality(entries)), ${sql.raw(`${MAX_LOGGED}`)}))
      ) AS v WHERE ${isRecent} LIMIT ${sql.raw(`${MAX_LOGGED}`)}
      RETURNING 1
    ), to_log AS (
      SELECT coalesce(sum(hits), 0) AS hits FROM visited WHERE ${isRecent}
    )`
}

import { type SQL, sql } from 'drizzle-orm'
import type { StatsQuery } from '../owners/stats-store.ts'
import { DAY_MS, DIMENSIONS, QUARTER_LETTERS } from '../visits/visit.ts'
import { LETTER_OF_ALL } from './stats-groups.ts'
import type { ScopeTables } from './stats-scope.ts'

export const EPOCH = sql.raw(`date '1970-01-01'`)
/** @param day since 1970-01-01. */
export const dateOf = (day: number): SQL => sql`${EPOCH} + ${day}::int`

/**
 * The tables `told` (letter, value, people, and `n`, the day, of quarters) and `group_days` (first, next), from `chosen`
 * and `asked`. A month's row stands for those of its days that are before the oldest details.
 */
export function detailTables({ range: { days }, groupBy }: StatsQuery, tables: ScopeTables): SQL {
  const { details, months, key, hasDetails } = tables
  const counted = days.filter(({ isCounted }) => isCounted)
  const [first, last] = [counted[0]?.day ?? 0, counted.at(-1)?.day ?? -1]
  const isGrouped = sql.raw(`${groupBy.length > 0}`)
  // Details are long: they are not even read where counts suffice.
  const isNeeded = sql.raw(`${groupBy.length > 0 || days.some(({ whole }) => whole === 0)}`)
  const letters =
    groupBy.length === 0 ? [] : [LETTER_OF_ALL, ...groupBy.map((name) => DIMENSIONS[name].letter)]
  const { people, bots } = QUARTER_LETTERS
  const isQuarter = sql.raw(`left(d.key, 1) IN ('${people}', '${bots}')`)
  const isAsked = sql`left(d.key, 1) = ANY(ARRAY[${sql.raw(letters.map((letter) => `'${letter}'`).join())}]::text[])`
  return sql`
    oldest AS MATERIALIZED (
      SELECT coalesce(min(day), 'infinity') AS day FROM ${details} WHERE ${isGrouped} AND ${hasDetails}
    ), month_rows AS MATERIALIZED (
      SELECT month, dims FROM chosen CROSS JOIN LATERAL (
        SELECT month, dims FROM ${months} AS m WHERE m.${key} = chosen.key
          AND month BETWEEN ${dateOf(monthOf(first))} AND ${dateOf(last)} OFFSET 0
      ) AS m WHERE ${isGrouped} AND greatest(month, ${dateOf(first)}) < (SELECT day FROM oldest)
    ), told AS MATERIALIZED (
      SELECT n, letter, value, sum(people) AS people FROM (
        SELECT CASE WHEN ${isQuarter} THEN n END AS n, left(d.key, 1) AS letter, substr(d.key, 2) AS value,
          d.value::bigint AS people
        FROM chosen CROSS JOIN LATERAL (
          SELECT day, dims FROM ${details} AS x WHERE ${isNeeded} AND x.${key} = chosen.key
            AND day BETWEEN ${dateOf(days[0]?.day ?? 0)} AND ${dateOf(days.at(-1)?.day ?? 0)} OFFSET 0
        ) AS x JOIN asked ON n = day - ${EPOCH} AND (whole = 0 OR (${isGrouped} AND is_counted))
        CROSS JOIN LATERAL jsonb_each(dims) AS d
        WHERE CASE WHEN ${isQuarter} THEN whole = 0 ELSE is_counted AND ${isAsked} END
        UNION ALL
        SELECT NULL, left(d.key, 1), substr(d.key, 2), d.value::bigint
        FROM month_rows CROSS JOIN LATERAL jsonb_each(dims) AS d WHERE ${isAsked}
      ) AS found GROUP BY n, letter, value
    ), group_days AS (
      SELECT ${first}::int AS first, ${last + 1}::int AS next
      UNION ALL
      SELECT month - ${EPOCH}, least((month + interval '1 month')::date, (SELECT day FROM oldest)) - ${EPOCH} FROM month_rows
    )`
}

/** The first day of its month. */
function monthOf(day: number): number {
  const date = new Date(day * DAY_MS)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) / DAY_MS
}

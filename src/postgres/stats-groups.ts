import { type SQL, sql } from 'drizzle-orm'
import type { StatsGroup, StoredStats } from '../owners/stats-store.ts'
import { DIMENSION_NAMES, DIMENSIONS, type Dimension, FOLDED } from '../visits/visit.ts'

const TOP = 100

/** Everybody has one: people less the values of a dimension that does not store '' are those that have none. */
export const LETTER_OF_ALL = DIMENSIONS.device.letter

/**
 * The table `grouped` (letter, the first values, people of all others) from `told` (letter, value, people).
 * @param storesEmpty whether `told` has '' of every dimension.
 */
export function rankedGroups(groupBy: readonly Dimension[], storesEmpty = false): SQL {
  const wanted = groupBy.map((name) => {
    const { letter, ...rules } = DIMENSIONS[name]
    return { letter, is_complete: storesEmpty || 'storesEmpty' in rules }
  })
  return sql`
    wanted AS MATERIALIZED (
      SELECT letter, is_complete, coalesce((SELECT sum(people) FROM told WHERE told.letter = w.letter), 0) AS people
      FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS w (letter text, is_complete boolean)
    ), ranked AS MATERIALIZED (
      SELECT letter, value, people, row_number() OVER (PARTITION BY letter ORDER BY people DESC, value) AS place
      FROM (
        SELECT letter, value, told.people FROM told JOIN wanted USING (letter) WHERE value <> ${FOLDED}
        UNION ALL
        SELECT letter, '', (SELECT sum(people) FROM told WHERE letter = ${LETTER_OF_ALL}) - people
        FROM wanted WHERE NOT is_complete
      ) AS found WHERE people > 0
    ), grouped AS (
      SELECT letter,
        (SELECT json_agg(json_build_array(value, people) ORDER BY place) FROM ranked AS r
          WHERE r.letter = wanted.letter AND place <= ${TOP}) AS vals,
        (SELECT coalesce(sum(people), 0) FROM ranked AS r WHERE r.letter = wanted.letter AND place > ${TOP})
          + (SELECT coalesce(sum(people), 0) FROM told WHERE told.letter = wanted.letter AND value = ${FOLDED}) AS other
      FROM wanted
    )`
}

/** Of `grouped`: one JSON value. */
export const GROUPS = sql`(SELECT json_agg(json_build_array(letter, vals, other)) FROM grouped)`

export type GroupRows = readonly (readonly [string, readonly (readonly [string, number])[] | null, number])[]

export function toGroups(rows: GroupRows | null): StoredStats['groups'] {
  const groups = (rows ?? []).flatMap(([letter, values, other]): [string, StatsGroup][] => {
    const name = DIMENSION_NAMES.find((one) => DIMENSIONS[one].letter === letter)
    const shown = (values ?? []).map(([value, people]) => ({ value, people }))
    return name === undefined ? [] : [[name, { values: shown, other }]]
  })
  return Object.fromEntries(groups)
}

/**
 * @module
 * Rows of all dimensions of a day (or month) in one: `{"cDE": 3, "rexample.com": 2, "h37": 3, ...}`. A row keeps
 * `MAX_KEYS` keys: values of a dimension that come later, or the rarest of those that come at once, are summed in `*`. Only
 * values of small dimensions and quarters of an hour are always kept, so a row can hold a few hundred more of those.
 */
import { type SQL, sql } from 'drizzle-orm'
import { DIMENSION_NAMES, DIMENSIONS, FOLDED, QUARTER_LETTERS } from '../visits/visit.ts'
import { domainDetails, linkDetails } from './visit-schema.ts'

export const MAX_KEYS = 600

const quarterLetters = Object.values(QUARTER_LETTERS)
const isSmall = (name: (typeof DIMENSION_NAMES)[number]): boolean => 'isSmall' in DIMENSIONS[name]
const KEPT_LETTERS = [
  ...DIMENSION_NAMES.filter(isSmall).map((name) => DIMENSIONS[name].letter),
  ...quarterLetters,
]
/** Of a key: whether it stands for itself in any row. Otherwise it may be folded. */
const IS_KEPT = sql.raw(
  `(left(key, 1) IN (${KEPT_LETTERS.map((letter) => `'${letter}'`).join(', ')}) OR key ~ '^.\\*$')`,
)

/** The keys of a row of `visited`. */
const KEYS = sql.raw(`CASE WHEN is_bot THEN ARRAY['${QUARTER_LETTERS.bots}' || quarter % 96] ELSE ARRAY[
  '${QUARTER_LETTERS.people}' || quarter % 96, ${DIMENSION_NAMES.map((name, i) => {
    const rules = DIMENSIONS[name]
    const value = 'storesEmpty' in rules ? `vals[${i + 1}]` : `nullif(vals[${i + 1}], '')`
    return `'${rules.letter}' || ${value}`
  }).join(', ')}] END`)

const countKeys = (dims: SQL): SQL => sql`(SELECT count(*) FROM jsonb_object_keys(${dims}))`

/** A key and its count take 18 bytes at least. Most rows need no counting, which takes longer than adding. */
const MIN_KEY_BYTES = 18
/** @param bytes of `dims` at most, of a value that does not come from a table as it is: there it may be compressed. */
const isBounded = (dims: SQL, bytes: SQL): SQL => sql`(${bytes} < ${sql.raw(`${MAX_KEYS * MIN_KEY_BYTES}`)}
  OR ${countKeys(dims)} <= ${sql.raw(`${MAX_KEYS}`)})`
const bytesOf = (dims: SQL): SQL => sql`pg_column_size(${dims})`

/** `added` with at most `MAX_KEYS` keys. */
export function bounded(dims: SQL): SQL {
  return sql`CASE WHEN ${isBounded(dims, bytesOf(dims))} THEN ${dims} ELSE ${folded(sql`'{}'::jsonb`, dims)} END`
}

/** What two rows are together. `added` has at most about `MAX_KEYS` keys. */
export function merged(row: SQL, added: SQL): SQL {
  // Only what changes is taken apart: half the work, and `||` keeps the rest.
  const sums = sql`(SELECT jsonb_object_agg(key, value::bigint + coalesce((old -> key)::bigint, 0)) FROM jsonb_each(${added}))`
  // Long rows are stored compressed. `|| '{}'` decompresses one once, not for each of its uses.
  const isRoomy = isBounded(sql`(old || ${added})`, sql`${bytesOf(sql`old`)} + ${bytesOf(added)}`)
  return sql`(
    SELECT CASE WHEN ${isRoomy} THEN old || ${sums} ELSE ${folded(sql`old`, added)} END
    FROM (SELECT ${row} || '{}' AS old OFFSET 0) AS o
  )`
}

/** `row` with the counts of `added`: new keys of it only as long as there is room, the most frequent first. */
function folded(row: SQL, added: SQL): SQL {
  return sql`${row} || (
    SELECT jsonb_object_agg(key, n + coalesce((${row} -> key)::bigint, 0)) FROM (
      SELECT CASE WHEN is_kept OR rank <= room THEN key ELSE left(key, 1) || ${sql.raw(`'${FOLDED}'`)} END AS key, sum(n)::bigint AS n
      FROM (
        SELECT key, n, is_kept, row_number() OVER (PARTITION BY is_kept ORDER BY n DESC, key) AS rank,
          ${sql.raw(`${MAX_KEYS}`)} - ${countKeys(row)} - count(*) FILTER (WHERE is_kept AND NOT is_old) OVER () AS room
        FROM (
          SELECT key, value::bigint AS n, ${row} ? key AS is_old, ${row} ? key OR ${IS_KEPT} AS is_kept
          FROM jsonb_each(${added})
        ) AS each_key
      ) AS ranked GROUP BY 1
    ) AS kept
  )`
}

const merging = (table: typeof linkDetails | typeof domainDetails): SQL =>
  sql`dims = ${merged(sql`${table}.dims`, sql`excluded.dims`)}`

/** Adds `visited` to the details of links and domains. */
export const PACKED_DETAILS = sql`
  link_values AS MATERIALIZED (
    SELECT link_id, domain, day, key, sum(hits)::bigint AS n
    FROM visited CROSS JOIN LATERAL unnest(${KEYS}) AS key WHERE key IS NOT NULL GROUP BY link_id, domain, day, key
  ), link_dims AS MATERIALIZED (
    SELECT link_id, day, jsonb_object_agg(key, n) AS dims FROM link_values GROUP BY link_id, day
  ), link_details_written AS (
    INSERT INTO ${linkDetails} (link_id, day, dims)
    SELECT link_id, day, ${bounded(sql`dims`)} FROM link_dims ORDER BY link_id, day
    ON CONFLICT (link_id, day) DO UPDATE SET ${merging(linkDetails)}
  ), domain_dims AS MATERIALIZED (
    SELECT domain, day, jsonb_object_agg(key, n) AS dims FROM (
      SELECT coalesce(domain, '') AS domain, day, key, sum(n)::bigint AS n
      FROM link_values GROUP BY GROUPING SETS ((domain, day, key), (day, key))
    ) AS domain_values GROUP BY domain, day
  ), domain_details_written AS (
    INSERT INTO ${domainDetails} (domain, day, dims)
    SELECT domain, day, ${bounded(sql`dims`)} FROM domain_dims ORDER BY domain, day
    ON CONFLICT (domain, day) DO UPDATE SET ${merging(domainDetails)}
  )`

import { type SQL, sql } from 'drizzle-orm'
import { QUARTER_LETTERS } from '../visits/visit.ts'
import { bounded, merged } from './packed-details.ts'
import { links } from './schema.ts'
import { domainDetails, domainMonths, linkDetails, linkMonths } from './visit-schema.ts'

const QUARTERS = sql.raw(`'${Object.values(QUARTER_LETTERS).join('')}'`)

/** What the details in `gone` (owner, day, dims) are by month, without quarters of an hour. */
const byMonth = (owner: SQL): SQL => sql`
  SELECT ${owner}, month, jsonb_object_agg(key, n) AS dims FROM (
    SELECT ${owner}, date_trunc('month', day)::date AS month, key, sum(value::bigint)::bigint AS n
    FROM gone CROSS JOIN LATERAL jsonb_each(dims) WHERE strpos(${QUARTERS}, left(key, 1)) = 0
    GROUP BY 1, 2, 3
  ) AS by_key GROUP BY ${owner}, month`

function addToMonths(table: typeof linkMonths | typeof domainMonths, owner: SQL): SQL {
  return sql`
    INSERT INTO ${table} (${owner}, month, dims)
    SELECT ${owner}, month, ${bounded(sql`dims`)} FROM (${byMonth(owner)}) AS m ORDER BY 1, 2
    ON CONFLICT (${owner}, month) DO UPDATE SET dims = ${merged(sql`${table}.dims`, sql`excluded.dims`)}`
}

/**
 * Adds the details of days to their months, each once: it deletes them in the same statement. A day of which hits come later
 * has details once more, which are then added too. Rows that others are writing to are left to the next time.
 * @param before the first UTC day that stays.
 */
export const compactLinks = (before: string, atMost: number): SQL => sql`
  WITH due AS MATERIALIZED (
    SELECT d.link_id, d.day FROM ${linkDetails} d JOIN ${links} l ON l.id = d.link_id
    WHERE d.day < ${before}::date LIMIT ${sql.raw(`${atMost}`)}
    FOR UPDATE OF d SKIP LOCKED FOR KEY SHARE OF l SKIP LOCKED
  ), gone AS (
    DELETE FROM ${linkDetails} d USING due WHERE d.link_id = due.link_id AND d.day = due.day
    RETURNING d.link_id, d.day, d.dims
  ), added AS (
    ${addToMonths(linkMonths, sql`link_id`)}
  ) SELECT count(*) AS rows FROM gone`

/** The same for domains, of which there are few. */
export const compactDomains = (before: string, atMost: number): SQL => sql`
  WITH due AS MATERIALIZED (
    SELECT domain, day FROM ${domainDetails} WHERE day < ${before}::date LIMIT ${sql.raw(`${atMost}`)} FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM ${domainDetails} d USING due WHERE d.domain = due.domain AND d.day = due.day
    RETURNING d.domain, d.day, d.dims
  ), added AS (
    ${addToMonths(domainMonths, sql`domain`)}
  ) SELECT count(*) AS rows FROM gone`

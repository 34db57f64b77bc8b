import { type SQL, sql } from 'drizzle-orm'

/**
 * The row of `registers` with a key, for LATERAL. OFFSET 0 makes it a look-up for each key; the planner would rather read
 * all links and join them with a few hundred keys.
 */
export const registerOf = (domain: SQL, code: SQL): SQL =>
  sql`(SELECT * FROM registers WHERE registers.domain = ${domain} AND registers.code = ${code} OFFSET 0)`

import { sql } from 'drizzle-orm'
import type { LinkSource } from '../links/link-source.ts'
import type { StoredLinks } from '../operations/stored-links.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { retrying } from './postgres-error.ts'
import { registerOf } from './register-of.ts'

/**
 * The source of truth behind every cache tier. The view `registers` has what the caches may hold, as rows of `links`:
 * links, and under the empty code the settings of domains (see domain-settings.ts, which writes the same text).
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresLinks(database: Database, retries: number): LinkSource & StoredLinks {
  return {
    async find({ domain, code }) {
      const rows = await retrying(retries, () =>
        database.execute<LinkRow>(sql`SELECT * FROM registers WHERE code = ${code} AND domain = ${domain}`),
      )
      if (rows[0] === undefined) return null
      // What caches have no use for is left out.
      const { id, url, status, enabled, expiresAt, forwardQuery, version } = linkFromRow(rows[0])
      return { id, url, status, enabled, expiresAt, forwardQuery, version }
    },

    async findMany(keys) {
      const rows = await database.execute<LinkRow | { readonly id: null }>(sql`
        SELECT l.* FROM jsonb_array_elements(${JSON.stringify(keys)}::jsonb) WITH ORDINALITY AS k (key, position)
        LEFT JOIN LATERAL ${registerOf(sql`k.key ->> 'domain'`, sql`k.key ->> 'code'`)} AS l ON true
        ORDER BY k.position`)
      return rows.map((row) => (row.id === null ? null : linkFromRow(row)))
    },

    async mostHit(limit, offset) {
      const rows = await database.execute<{ domain: string; code: string }>(sql`
        SELECT l.domain, l.code FROM link_hits h JOIN links l ON l.id = h.link_id
        ORDER BY ${TOTAL_HITS} DESC, h.link_id DESC LIMIT ${limit} OFFSET ${offset}`)
      return rows.map(({ domain, code }) => ({ domain, code }))
    },
  }
}

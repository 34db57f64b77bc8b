import { sql } from 'drizzle-orm'
import type { LinkSource } from '../links/link-source.ts'
import type { MostHitLinks } from '../operations/warm-up.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { retrying } from './postgres-error.ts'

/**
 * The source of truth behind the caches of links.
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresLinks(database: Database, retries: number): LinkSource & MostHitLinks {
  return {
    async find({ domain, code }) {
      const rows = await retrying(retries, () =>
        database.execute<LinkRow>(sql`SELECT * FROM links WHERE code = ${code} AND domain = ${domain}`),
      )
      if (rows[0] === undefined) return null
      // What caches have no use for is left out.
      const { id, url, status, enabled, expiresAt, forwardQuery, version } = linkFromRow(rows[0])
      return { id, url, status, enabled, expiresAt, forwardQuery, version }
    },

    async mostHit(limit, offset) {
      const rows = await database.execute<{ domain: string; code: string }>(sql`
        SELECT l.domain, l.code FROM link_hits h JOIN links l ON l.id = h.link_id
        ORDER BY ${TOTAL_HITS} DESC, h.link_id DESC LIMIT ${limit} OFFSET ${offset}`)
      return rows.map(({ domain, code }) => ({ domain, code }))
    },
  }
}

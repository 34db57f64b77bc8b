import { and, eq, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres, retrying } from '../db/postgres-error.ts'
import { links } from '../db/schema.ts'
import type { Link, LinkKey, RedirectStatus } from './link.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import type { LinkSource } from './link-source.ts'

export interface PostgresLinks extends LinkSource {
  /** As `find`, for many keys in one statement; in their order. */
  findMany(keys: readonly LinkKey[]): Promise<readonly (Link | null)[]>
  /** The keys of the links with the most hits, from the `offset`th on. */
  mostHit(limit: number, offset: number): Promise<readonly LinkKey[]>
}

/**
 * The source of truth behind every cache tier.
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresLinks(database: Database, retries: number): PostgresLinks {
  return {
    async find({ domain, code }) {
      const [row] = await retrying(retries, () =>
        guardPostgres(
          database
            .select({
              id: links.id,
              url: links.url,
              status: links.status,
              enabled: links.enabled,
              expiresAt: links.expiresAt,
              forwardQuery: links.forwardQuery,
              version: links.version,
            })
            .from(links)
            .where(and(eq(links.domain, domain), eq(links.code, code))),
        ),
      )
      if (row === undefined) return null
      return {
        ...row,
        id: String(row.id),
        // The table's check constraint admits no other.
        status: row.status as RedirectStatus,
        expiresAt: row.expiresAt?.getTime() ?? null,
      }
    },

    async findMany(keys) {
      const { rows } = await guardPostgres(
        database.execute<LinkRow | { readonly id: null }>(sql`
          SELECT l.* FROM jsonb_array_elements(${JSON.stringify(keys)}::jsonb) WITH ORDINALITY AS k (key, position)
          LEFT JOIN links l ON l.domain = k.key ->> 'domain' AND l.code = k.key ->> 'code'
          ORDER BY k.position`),
      )
      return rows.map((row) => (row.id === null ? null : linkFromRow(row)))
    },

    async mostHit(limit, offset) {
      const { rows } = await guardPostgres(
        database.execute<{ domain: string; code: string }>(sql`
          SELECT l.domain, l.code FROM link_hits h JOIN links l ON l.id = h.link_id
          ORDER BY h.hits DESC, h.link_id LIMIT ${limit} OFFSET ${offset}`),
      )
      return rows.map(({ domain, code }) => ({ domain, code }))
    },
  }
}

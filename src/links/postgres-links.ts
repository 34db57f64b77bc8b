import { and, eq } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres } from '../db/postgres-error.ts'
import { links } from '../db/schema.ts'
import type { RedirectStatus } from './link.ts'
import type { LinkSource } from './link-source.ts'

/** The source of truth behind every cache tier. */
export function postgresLinks(database: Database): LinkSource {
  return {
    async find({ domain, code }) {
      const [row] = await guardPostgres(
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
  }
}

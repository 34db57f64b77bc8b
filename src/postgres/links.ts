import { and, desc, eq } from 'drizzle-orm'
import type { LinkSource } from '../links/link-source.ts'
import type { MostHitLinks } from '../operations/warm-up.ts'
import { linkOnly } from '../registers/link-codec.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { toLinkRecord } from './link-row.ts'
import { retrying } from './postgres-error.ts'
import { linkHits, links } from './schema.ts'

/**
 * The source of truth behind the caches of links.
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresLinks(database: Database, retries: number): LinkSource & MostHitLinks {
  return {
    async find({ domain, code }) {
      const isKey = and(eq(links.code, code), eq(links.domain, domain))
      const [row] = await retrying(retries, () => database.run((db) => db.select().from(links).where(isKey)))
      return row === undefined ? null : linkOnly(toLinkRecord(row))
    },

    mostHit: (limit, offset) =>
      database.run((db) => {
        const { domain, code } = links
        const hit = db.select({ domain, code }).from(linkHits).innerJoin(links, eq(links.id, linkHits.linkId))
        return hit.orderBy(desc(TOTAL_HITS), desc(linkHits.linkId)).limit(limit).offset(offset)
      }),
  }
}

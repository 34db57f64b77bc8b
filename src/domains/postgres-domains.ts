import { asc, eq, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres } from '../db/postgres-error.ts'
import { domains } from '../db/schema.ts'
import { TO_OUTBOX } from '../db/to-outbox.ts'
import { REDIRECT_STATUSES } from '../links/link.ts'
import type { Domain, DomainTable } from './domain-table.ts'

/** A bound on one answer. */
const MAX_LISTED = 1_000

export function postgresDomains(database: Database): DomainTable {
  async function get(host: string): Promise<Domain | null> {
    const [row] = await guardPostgres(database.select().from(domains).where(eq(domains.host, host)))
    return row === undefined ? null : toDomain(row)
  }

  /** @param statement returns the `domain` and `version` of what it wrote. */
  async function write(statement: SQL): Promise<number | null> {
    const { rows } = await guardPostgres(
      database.execute<{ version: string }>(sql`
        WITH changed AS (${statement}), written AS (SELECT host AS domain, '' AS code, version FROM changed),
        ${TO_OUTBOX} SELECT version FROM written`),
    )
    return rows[0] === undefined ? null : Number(rows[0].version)
  }

  return {
    get,

    async list() {
      const rows = await guardPostgres(
        database.select().from(domains).orderBy(asc(domains.host)).limit(MAX_LISTED),
      )
      return rows.map(toDomain)
    },

    async put(host, { rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots }) {
      await write(sql`
        INSERT INTO domains (host, root_url, not_found_url, expired_url, default_status, robots)
        VALUES (${host}, ${rootUrl}, ${notFoundUrl}, ${expiredUrl}, ${defaultStatus}, ${robots})
        ON CONFLICT (host) DO UPDATE SET root_url = excluded.root_url, not_found_url = excluded.not_found_url,
          expired_url = excluded.expired_url, default_status = excluded.default_status,
          robots = excluded.robots, updated_at = now(), version = nextval('link_version_seq')
        RETURNING host, version`)
      const domain = await get(host)
      if (domain === null) throw new Error('settings that were just written are not there')
      return domain
    },

    delete: (host) =>
      write(
        sql`DELETE FROM domains WHERE host = ${host} RETURNING host, nextval('link_version_seq') AS version`,
      ),
  }
}

function toDomain({ defaultStatus, robots, ...row }: typeof domains.$inferSelect): Domain {
  return {
    ...row,
    defaultStatus: REDIRECT_STATUSES.find((status) => status === defaultStatus) ?? 302,
    robots: robots === 'disallow' ? robots : 'allow',
  }
}

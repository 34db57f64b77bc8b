import { type SQL, sql } from 'drizzle-orm'
import { REDIRECT_STATUSES } from '../links/link.ts'
import type { Domain, DomainStore } from '../owners/domain-store.ts'
import type { Database } from './client.ts'
import { TO_OUTBOX } from './to-outbox.ts'

/** A bound on one answer. */
const MAX_LISTED = 1_000

interface DomainRow {
  readonly host: string
  readonly root_url: string | null
  readonly not_found_url: string | null
  readonly expired_url: string | null
  readonly default_status: number
  readonly robots: string
  readonly created_at: string
  readonly updated_at: string
  readonly version: string
}

export function postgresDomains(database: Database): DomainStore {
  async function get(host: string): Promise<Domain | null> {
    const [row] = await database.execute<DomainRow>(sql`SELECT * FROM domains WHERE host = ${host}`)
    return row === undefined ? null : toDomain(row)
  }

  /** @param statement returns the `domain` and `version` of what it wrote. */
  async function write(statement: SQL): Promise<number | null> {
    const rows = await database.execute<{ version: string }>(sql`
      WITH changed AS (${statement}), written AS (SELECT host AS domain, '' AS code, version FROM changed),
      ${TO_OUTBOX} SELECT version FROM written`)
    return rows[0] === undefined ? null : Number(rows[0].version)
  }

  return {
    get,

    async list() {
      const rows = await database.execute<DomainRow>(
        sql`SELECT * FROM domains ORDER BY host LIMIT ${MAX_LISTED}`,
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

function toDomain(row: DomainRow): Domain {
  return {
    host: row.host,
    rootUrl: row.root_url,
    notFoundUrl: row.not_found_url,
    expiredUrl: row.expired_url,
    defaultStatus: REDIRECT_STATUSES.find((status) => status === row.default_status) ?? 302,
    robots: row.robots === 'disallow' ? row.robots : 'allow',
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: Number(row.version),
  }
}

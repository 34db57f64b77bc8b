import { type SQL, sql } from 'drizzle-orm'
import type { SettingsSource } from '../links/domain-settings.ts'
import { REDIRECT_STATUSES } from '../links/link.ts'
import type { Domain, DomainStore } from '../owners/domain-store.ts'
import type { Database } from './client.ts'
import { retrying } from './postgres-error.ts'
import { toOutbox } from './to-outbox.ts'

/** A bound on one answer. */
const MAX_LISTED = 1_000

/** A row of `domains`. */
export interface DomainRow {
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

async function readDomain(database: Database, host: string): Promise<Domain | null> {
  const [row] = await database.execute<DomainRow>(sql`SELECT * FROM domains WHERE host = ${host}`)
  return row === undefined ? null : domainFromRow(row)
}

/**
 * The source of truth behind the caches of settings.
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresSettings(database: Database, retries: number): SettingsSource {
  return { find: ({ host }) => retrying(retries, () => readDomain(database, host)) }
}

export function postgresDomains(database: Database): DomainStore {
  /** @param statement returns the `host` and `version` of what it wrote. */
  async function write(statement: SQL): Promise<number | null> {
    const rows = await database.execute<{ version: string }>(
      sql`WITH written AS (${statement}), ${toOutbox(sql`host`)} SELECT version FROM written`,
    )
    return rows[0] === undefined ? null : Number(rows[0].version)
  }

  return {
    get: (host) => readDomain(database, host),

    async list() {
      const rows = await database.execute<DomainRow>(
        sql`SELECT * FROM domains ORDER BY host LIMIT ${MAX_LISTED}`,
      )
      return rows.map(domainFromRow)
    },

    async put(host, { rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots }) {
      await write(sql`
        INSERT INTO domains (host, root_url, not_found_url, expired_url, default_status, robots)
        VALUES (${host}, ${rootUrl}, ${notFoundUrl}, ${expiredUrl}, ${defaultStatus}, ${robots})
        ON CONFLICT (host) DO UPDATE SET root_url = excluded.root_url, not_found_url = excluded.not_found_url,
          expired_url = excluded.expired_url, default_status = excluded.default_status,
          robots = excluded.robots, updated_at = now(), version = nextval('link_version_seq')
        RETURNING host, version`)
      const domain = await readDomain(database, host)
      if (domain === null) throw new Error('settings that were just written are not there')
      return domain
    },

    delete: (host) =>
      write(
        sql`DELETE FROM domains WHERE host = ${host} RETURNING host, nextval('link_version_seq') AS version`,
      ),
  }
}

export function domainFromRow(row: DomainRow): Domain {
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

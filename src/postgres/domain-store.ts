import { eq, sql } from 'drizzle-orm'
import type { SettingsSource } from '../links/domain-settings.ts'
import type { Domain, DomainStore } from '../owners/domain-store.ts'
import type { Database } from './client.ts'
import { NEXT_VERSION } from './expressions.ts'
import { retrying } from './postgres-error.ts'
import { domains } from './schema.ts'
import { toOutbox } from './to-outbox.ts'

/** A bound on one response. */
const MAX_LISTED = 1_000

const OUTBOX = toOutbox(sql`host`)

async function readDomain(database: Database, host: string): Promise<Domain | null> {
  const [domain] = await database.run((db) => db.select().from(domains).where(eq(domains.host, host)))
  return domain ?? null
}

/**
 * The source of truth behind the caches of settings.
 * @param retries tries after the first one when Postgres does not answer.
 */
export function postgresSettings(database: Database, retries: number): SettingsSource {
  return { find: ({ host }) => retrying(retries, () => readDomain(database, host)) }
}

export function postgresDomainStore(database: Database): DomainStore {
  return {
    get: (host) => readDomain(database, host),

    list: () => database.run((db) => db.select().from(domains).orderBy(domains.host).limit(MAX_LISTED)),

    async put(host, settings) {
      const [domain] = await database.run((db) => {
        const set = { ...settings, updatedAt: sql`now()`, version: NEXT_VERSION }
        const upsert = db.insert(domains).values({ host, ...settings })
        const written = db
          .$with('written')
          .as(upsert.onConflictDoUpdate({ target: domains.host, set }).returning())
        return db.with(written, OUTBOX).select().from(written)
      })
      if (domain === undefined) throw new Error('an upsert returned no row')
      return domain
    },

    async delete(host) {
      const [deletion] = await database.run((db) => {
        const columns = { host: domains.host, version: NEXT_VERSION.as('version') }
        const written = db
          .$with('written')
          .as(db.delete(domains).where(eq(domains.host, host)).returning(columns))
        return db.with(written, OUTBOX).select().from(written)
      })
      return deletion?.version ?? null
    },
  }
}

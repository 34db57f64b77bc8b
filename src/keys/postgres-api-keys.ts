import { desc, eq, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { guardPostgres } from '../db/postgres-error.ts'
import { apiKeys } from '../db/schema.ts'
import type { ApiKey, ApiKeys, Scope } from './api-key.ts'

/** A bound on one answer; nobody has that many. */
const MAX_LISTED = 1_000

export function postgresApiKeys(database: Database): ApiKeys {
  return {
    async create({ name, scopes, domains, expiresAt }, prefix, hash) {
      const row = { name, prefix, hash, scopes: [...scopes], domains: domains && [...domains], expiresAt }
      const [created] = await guardPostgres(database.insert(apiKeys).values(row).returning())
      if (created === undefined) throw new Error('an INSERT returned no row')
      return toApiKey(created)
    },

    async list() {
      const newestFirst = database.select().from(apiKeys).orderBy(desc(apiKeys.id)).limit(MAX_LISTED)
      return (await guardPostgres(newestFirst)).map(toApiKey)
    },

    async find(hash) {
      const [row] = await guardPostgres(database.select().from(apiKeys).where(eq(apiKeys.hash, hash)))
      return row === undefined ? null : toApiKey(row)
    },

    async revoke(id) {
      const revoked = database
        .update(apiKeys)
        .set({ revokedAt: sql`coalesce(revoked_at, now())` })
        .where(eq(apiKeys.id, BigInt(id)))
        .returning({ id: apiKeys.id })
      return (await guardPostgres(revoked)).length > 0
    },

    async touch(id) {
      const used = database
        .update(apiKeys)
        .set({ lastUsedAt: sql`now()` })
        .where(eq(apiKeys.id, BigInt(id)))
      await guardPostgres(used)
    },
  }
}

function toApiKey({ hash: _, id, scopes, ...row }: typeof apiKeys.$inferSelect): ApiKey {
  return { ...row, id: String(id), scopes: scopes as Scope[] }
}

import { and, desc, eq, getTableColumns, gt, inArray, isNull, or, sql } from 'drizzle-orm'
import type { ApiKey, ApiKeyStore } from '../owners/api-key.ts'
import type { Database } from './client.ts'
import { apiKeys } from './schema.ts'

/** A bound on one response; no owner has that many. */
const MAX_LISTED = 1_000

export function postgresApiKeyStore(database: Database): ApiKeyStore {
  const isKey = (id: string) => eq(apiKeys.id, BigInt(id))
  return {
    async create({ name, scopes, domains, expiresAt, createdBy }, { prefix, hash }) {
      const [created] = await database.run((db) =>
        db.insert(apiKeys).values({ name, scopes, domains, expiresAt, createdBy, prefix, hash }).returning(),
      )
      if (created === undefined) throw new Error('an INSERT returned no row')
      return toApiKey(created)
    },

    async list() {
      const rows = await database.run((db) =>
        db.select().from(apiKeys).orderBy(desc(apiKeys.id)).limit(MAX_LISTED),
      )
      return rows.map(toApiKey)
    },

    async get(id) {
      const [row] = await database.run((db) => db.select().from(apiKeys).where(isKey(id)))
      return row === undefined ? null : toApiKey(row)
    },

    async rotate(id, createdBy, { prefix, hash }, overlapSeconds) {
      const [rotated] = await database.run((db) => {
        const { expiresAt, revokedAt } = apiKeys
        const isActive = and(isNull(revokedAt), or(isNull(expiresAt), gt(expiresAt, sql`now()`)))
        const active = db
          .select()
          .from(apiKeys)
          .where(and(isKey(id), isActive))
        const old = db.$with('old').as(active.for('update'))
        const end = sql`least(${expiresAt}, now() + ${overlapSeconds}::int * interval '1 second')`
        const isOld = inArray(apiKeys.id, db.select({ id: old.id }).from(old))
        const ended = db.$with('ended').as(db.update(apiKeys).set({ expiresAt: end }).where(isOld))
        const made = db.$with('made', getTableColumns(apiKeys)).as(sql`
          INSERT INTO ${apiKeys} (name, prefix, hash, scopes, domains, expires_at, created_by)
          SELECT name, ${prefix}::text, ${hash}::text, scopes, domains, expires_at, ${createdBy}::text FROM ${old}
          RETURNING *`)
        return db.with(old, ended, made).select().from(made)
      })
      return rotated === undefined ? null : toApiKey(rotated)
    },

    async find(hash) {
      const [row] = await database.run((db) => db.select().from(apiKeys).where(eq(apiKeys.hash, hash)))
      return row === undefined ? null : toApiKey(row)
    },

    async revoke(id) {
      const revokedAt = sql`coalesce(${apiKeys.revokedAt}, now())`
      const revoked = await database.run((db) =>
        db.update(apiKeys).set({ revokedAt }).where(isKey(id)).returning({ id: apiKeys.id }),
      )
      return revoked.length > 0
    },

    async touch(id) {
      await database.run((db) => db.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(isKey(id)))
    },
  }
}

const toApiKey = ({ id, hash: _, ...key }: typeof apiKeys.$inferSelect): ApiKey => ({
  ...key,
  id: String(id),
})

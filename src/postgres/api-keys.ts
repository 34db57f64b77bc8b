import { sql } from 'drizzle-orm'
import type { ApiKey, ApiKeyStore, Scope } from '../owners/api-key.ts'
import type { Database } from './client.ts'
import { textArray } from './text-array.ts'

/** A bound on one answer; nobody has that many. */
const MAX_LISTED = 1_000

interface ApiKeyRow {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly Scope[]
  readonly domains: readonly string[] | null
  readonly expires_at: string | null
  readonly last_used_at: string | null
  readonly created_at: string
  readonly created_by: string | null
  readonly revoked_at: string | null
}

export function postgresApiKeys(database: Database): ApiKeyStore {
  return {
    async create({ name, scopes, domains, expiresAt, createdBy }, { prefix, hash }) {
      const [created] = await database.execute<ApiKeyRow>(sql`
        INSERT INTO api_keys (name, prefix, hash, scopes, domains, expires_at, created_by)
        VALUES (${name}, ${prefix}, ${hash}, ${textArray(scopes)}, ${domains && textArray(domains)},
          ${expiresAt?.toISOString() ?? null}, ${createdBy})
        RETURNING *`)
      if (created === undefined) throw new Error('an INSERT returned no row')
      return toApiKey(created)
    },

    async list() {
      const rows = await database.execute<ApiKeyRow>(
        sql`SELECT * FROM api_keys ORDER BY id DESC LIMIT ${MAX_LISTED}`,
      )
      return rows.map(toApiKey)
    },

    async get(id) {
      const [row] = await database.execute<ApiKeyRow>(sql`SELECT * FROM api_keys WHERE id = ${id}`)
      return row === undefined ? null : toApiKey(row)
    },

    async rotate(id, createdBy, { prefix, hash }, overlapSeconds) {
      const [rotated] = await database.execute<ApiKeyRow>(sql`
        WITH old AS (
          SELECT * FROM api_keys WHERE id = ${id} AND revoked_at IS NULL
            AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
        ), ended AS (
          UPDATE api_keys SET expires_at = least(expires_at, now() + ${overlapSeconds}::int * interval '1 second')
          WHERE id IN (SELECT id FROM old)
        )
        INSERT INTO api_keys (name, prefix, hash, scopes, domains, expires_at, created_by)
        SELECT name, ${prefix}::text, ${hash}::text, scopes, domains, expires_at, ${createdBy}::text FROM old
        RETURNING *`)
      return rotated === undefined ? null : toApiKey(rotated)
    },

    async find(hash) {
      const [row] = await database.execute<ApiKeyRow>(sql`SELECT * FROM api_keys WHERE hash = ${hash}`)
      return row === undefined ? null : toApiKey(row)
    },

    async revoke(id) {
      const revoked = await database.execute(
        sql`UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${id} RETURNING id`,
      )
      return revoked.length > 0
    },

    async touch(id) {
      await database.execute(sql`UPDATE api_keys SET last_used_at = now() WHERE id = ${id}`)
    },
  }
}

function toApiKey(row: ApiKeyRow): ApiKey {
  const { id, name, prefix, scopes, domains } = row
  return {
    ...{ id, name, prefix, scopes, domains },
    expiresAt: toDate(row.expires_at),
    lastUsedAt: toDate(row.last_used_at),
    createdAt: new Date(row.created_at),
    createdBy: row.created_by,
    revokedAt: toDate(row.revoked_at),
  }
}

const toDate = (instant: string | null): Date | null => (instant === null ? null : new Date(instant))

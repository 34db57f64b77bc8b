import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url).href)

/** Neon needs a few seconds to wake a database that was scaled to zero. */
const CONNECT_TIMEOUT_MS = 20_000

/** Any constant does, as long as every linkr takes the same one. */
const LOCK_ID = 0x6c696e6b72

/**
 * Migrates a Postgres over its own protocol, which Neon speaks too. All or nothing in one transaction; another
 * migration of the same database waits for it. Doing it again changes nothing.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({
    connectionString: withVerifiedTls(databaseUrl),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'linkr migrate',
  })
  // A connection that breaks while idle is noticed by the next query.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await drizzle(client).transaction(async (transaction) => {
      // A transaction's lock, since a session's would outlive us in Neon's connection pooler.
      await transaction.execute(sql`SELECT pg_advisory_xact_lock(${LOCK_ID})`)
      await applyMigrations(transaction, { migrationsFolder: MIGRATIONS_FOLDER })
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** What pg does with these modes anyway, but it warns that it will not always. Neon's connection strings say `require`. */
function withVerifiedTls(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  if (/^(?:prefer|require|verify-ca)$/.test(url.searchParams.get('sslmode') ?? '')) {
    url.searchParams.set('sslmode', 'verify-full')
  }
  return url.href
}

/**
 * @module
 * `npm run db:migrate`: brings the database at DATABASE_URL to the newest schema. Node only: the Worker never migrates.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import { findRunningStack } from '../local/running-stack.ts'
import { type Environment, readPlaces } from '../local/stack-options.ts'
import { rootMessage } from './root-message.ts'
import { storePlace } from './store-place.ts'

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../drizzle', import.meta.url).href)

/** Neon needs a few seconds to wake a database that was scaled to zero. */
const CONNECT_TIMEOUT_MS = 20_000

/** Any constant does, as long as every linkr takes the same one. */
const LOCK_ID = 0x6c696e6b72

/**
 * Migrates a Postgres over its own protocol, which Neon speaks too. All or nothing in one transaction; whoever else
 * migrates the same database at that moment waits. Doing it again changes nothing.
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

interface FoundDatabase {
  readonly value: string
  /** For people. */
  readonly source: string
}

/**
 * A value in the environment wins, so that production is never migrated by what lies in a file; then comes the database
 * of the local stack of this clone, while it runs.
 */
function findDatabaseUrl(env: Environment): FoundDatabase {
  const value = env.DATABASE_URL?.trim()
  if (value) return { value, source: 'DATABASE_URL from the environment' }
  const running = findRunningStack(env)
  if (running !== null) return { value: running.databaseUrl, source: 'the running local stack' }
  const { DATABASE_URL: fromFile, NEON_FETCH_ENDPOINT: bridge } = readDevVars(readPlaces(env).devVarsFile)
  if (!fromFile) throw new Error(`DATABASE_URL is missing: ${EXAMPLE}`)
  // The port of a stack that has ended may be somebody else's now.
  if (bridge && hostOf(bridge) === hostOf(fromFile)) {
    throw new Error(
      'DATABASE_URL in .dev.vars is that of the local stack, which does not run. (npm run dev and npm run stack migrate ' +
        'their database when they start.)',
    )
  }
  return { value: fromFile, source: 'DATABASE_URL from .dev.vars' }
}

const EXAMPLE = 'set it to postgresql://user:password@host/database, special characters percent-encoded'

function readDevVars(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined
}

/** Migrates the database that the settings lead to. Resolves to what there is to tell. */
export async function migrateFromSettings(env: Environment): Promise<string> {
  const { value, source } = findDatabaseUrl(env)
  const place = storePlace(value, ['postgres:', 'postgresql:'])
  if (place === null) throw new Error(`DATABASE_URL is malformed (${source}): ${EXAMPLE}`)
  const database = `${place} (${source})`
  try {
    await migrate(value)
  } catch (error) {
    throw new Error(`Could not migrate ${database}: ${rootMessage(error)}`, { cause: error })
  }
  return `Migrated ${database}.`
}

if (import.meta.main) {
  await migrateFromSettings(process.env).then(console.log, (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  })
}

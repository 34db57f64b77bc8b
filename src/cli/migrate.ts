/**
 * @module
 * `npm run db:migrate`: brings the database at DATABASE_URL to the newest schema. Node only: the Worker never migrates.
 */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { migrate } from '../node/migrate.ts'
import { type Environment, readPlaces } from '../node/places.ts'
import { rootMessage } from '../node/root-message.ts'
import { findRunningStack } from '../node/running-stack.ts'
import { storePlace } from '../node/store-place.ts'

/**
 * A value in the environment wins, so that production is never migrated by what lies in a file; then comes the database
 * of the local stack of this clone, while it runs.
 */
function findDatabaseUrl(env: Environment): { readonly value: string; readonly source: string } {
  const value = env.DATABASE_URL?.trim()
  if (value) return { value, source: 'DATABASE_URL from the environment' }
  const running = findRunningStack(env)
  if (running !== null) return { value: running.databaseUrl, source: 'the running local stack' }
  const { DATABASE_URL: fromFile, NEON_FETCH_ENDPOINT: bridge } = readDevVars(readPlaces(env).devVarsFile)
  if (!fromFile) throw new Error(`DATABASE_URL is missing: ${EXAMPLE}`)
  // The port of a stack that has ended may be another program's now.
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

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import type { Credentials } from './credentials.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database } from './database.ts'
import { EmbeddedSession } from './embedded-session.ts'
import type { Visitor } from './front-door.ts'
import { authenticationFailed, SqlFailure } from './sql-failure.ts'
import { Turnstile } from './turnstile.ts'
import { welcome } from './wire-messages.ts'

const CREDENTIALS: Credentials = { user: 'postgres', password: 'linkr', database: 'postgres' }

/** What the migrations create and every Neon has. */
const EXTENSIONS = { pg_trgm }

/** How long a client may sit in an open transaction while others wait for the one connection there is. */
const DEFAULT_PATIENCE_MS = 5_000

/** The settings a Postgres server reports to every client. */
const REPORTED_SETTINGS = `SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'server_encoding',
  'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'integer_datetimes', 'standard_conforming_strings')`

export interface EmbeddedOptions {
  /** `undefined` = in memory. */
  readonly dataDir: string | undefined
  readonly patienceMs?: number
}

/** PGlite with one user, one database and one connection, behind a front door that many clients can enter. */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<Database> {
  const { db, release } = await openPGlite(options.dataDir)
  const { rows } = await db.query<{ name: string; setting: string }>(REPORTED_SETTINGS)
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const turnstile = new Turnstile(options.patienceMs ?? DEFAULT_PATIENCE_MS)
  const sessions = new Map<Visitor, Promise<void>>()
  let lastId = 0

  async function serve(visitor: Visitor): Promise<void> {
    check(visitor.credentials)
    lastId += 1
    visitor.stream.write(welcome(settings, lastId, 0))
    const session = new EmbeddedSession(db, turnstile, visitor.stream, lastId).run(visitor.reader)
    sessions.set(visitor, session)
    await session.finally(() => sessions.delete(visitor))
  }

  return {
    credentials: CREDENTIALS,
    hostname: '127.0.0.1',
    urlFor(credentials) {
      check(credentials)
      return null
    },
    serve,
    // PGlite runs on this thread: by the time a cancel request is read, the query is over
    cancel: () => undefined,
    async close() {
      for (const { stream } of sessions.keys()) stream.destroy()
      await Promise.allSettled(sessions.values())
      await db.close()
      release()
    },
  }
}

function check({ user, password, database }: Credentials): void {
  if (user !== CREDENTIALS.user || password !== CREDENTIALS.password) {
    const { user: name, password: word } = CREDENTIALS
    throw authenticationFailed(user, `The embedded Postgres has one user: '${name}', password '${word}'.`)
  }
  if (database !== CREDENTIALS.database) {
    const fields = { code: '3D000', severity: 'FATAL' }
    throw new SqlFailure(400, `database "${database}" does not exist`, fields)
  }
}

async function openPGlite(dataDir: string | undefined): Promise<{ db: PGlite; release: () => void }> {
  if (dataDir === undefined)
    return { db: await PGlite.create({ extensions: EXTENSIONS }), release: () => undefined }
  const data = join(resolve(dataDir), 'pglite')
  const release = lockDataDir(`${data}.lock`)
  try {
    // Killed while it was being created, a folder is useless but also holds nothing yet: start again.
    const created = `${data}.created`
    if (!existsSync(created)) rmSync(data, { recursive: true, force: true })
    const db = await PGlite.create(data, { extensions: EXTENSIONS })
    writeFileSync(created, '')
    return { db, release }
  } catch (error) {
    release()
    throw error
  }
}

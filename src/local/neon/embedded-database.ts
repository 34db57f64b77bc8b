import { existsSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { makePrivateFolder, writePrivateFile } from '../../node/private-files.ts'
import { Channels } from './channels.ts'
import type { Credentials } from './credentials.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database } from './database.ts'
import { EmbeddedSession } from './embedded-session.ts'
import type { Visitor } from './front-door.ts'
import { PgliteThread } from './pglite-thread.ts'
import { authenticationFailed, SqlFailure } from './sql-failure.ts'
import { Turnstile } from './turnstile.ts'
import { welcome } from './wire-messages.ts'

const CREDENTIALS: Credentials = { user: 'postgres', password: 'linkr', database: 'postgres' }

/** How long a client may sit in an open transaction while others wait for the one connection there is. */
const DEFAULT_PATIENCE_MS = 5_000

export interface EmbeddedOptions {
  /** `undefined` = in memory. */
  readonly dataDir: string | undefined
  /** A dump of PGlite's data folder: what a database in memory starts with, instead of with nothing. */
  readonly template?: string | undefined
  readonly patienceMs?: number
}

/** PGlite with one user, one database and one connection, behind a front door that many clients can enter. */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<Database> {
  const { db, release } = await openPGlite(options)
  const turnstile = new Turnstile(options.patienceMs ?? DEFAULT_PATIENCE_MS)
  const backend = { db, turnstile, channels: new Channels() }
  const sessions = new Map<Visitor, Promise<void>>()
  let lastId = 0

  async function serve(visitor: Visitor): Promise<void> {
    check(visitor.credentials)
    lastId += 1
    visitor.stream.write(welcome(db.settings, lastId, 0))
    const session = new EmbeddedSession(backend, visitor.stream, lastId).run(visitor.reader)
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
    // PGlite has no way to be interrupted
    cancel: () => undefined,
    async close() {
      for (const { stream } of sessions.keys()) stream.destroy()
      const ended = Promise.allSettled(sessions.values())
      // A query that runs for hours holds up neither of them for longer than the thread's patience.
      await db.close()
      await ended
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

async function openPGlite({
  dataDir,
  template,
}: EmbeddedOptions): Promise<{ db: PgliteThread; release: () => void }> {
  if (dataDir === undefined)
    return { db: await PgliteThread.start({ dataDir, template }), release: () => undefined }
  const data = join(resolve(dataDir), 'pglite')
  const release = lockDataDir(`${data}.lock`)
  try {
    // Killed while it was being created, a folder is useless but also holds nothing yet: start again.
    const created = `${data}.created`
    if (!existsSync(created)) rmSync(data, { recursive: true, force: true })
    const db = await PgliteThread.start({ dataDir: data, template: undefined })
    // Postgres's files in it may be written by any user.
    makePrivateFolder(data)
    writePrivateFile(created, '')
    return { db, release }
  } catch (error) {
    release()
    throw error
  }
}

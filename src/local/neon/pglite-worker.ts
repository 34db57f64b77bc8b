/**
 * @module
 * The thread that PGlite runs on. It gets wire messages, one exchange at a time, and posts what Postgres replies.
 */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'

/** The settings a Postgres server reports to every client. */
const REPORTED_SETTINGS = `SELECT name, setting FROM pg_settings WHERE name IN ('server_version', 'server_encoding',
  'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'integer_datetimes', 'standard_conforming_strings')`

export interface PgliteWorkerData {
  /** `undefined` = in memory. */
  readonly dataDir: string | undefined
  /** What a database in memory starts with. */
  readonly template: string | undefined
}

/** Wire messages to run; `null` = close the database and end. */
export type ToPglite = Uint8Array | null

export type FromPglite =
  | { readonly kind: 'ready'; readonly settings: ReadonlyMap<string, string> }
  | { readonly kind: 'reply'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failure'; readonly message: string }

// V8 may abort while it replaces a wrapper around one of PGlite's imports (nodejs/node#64500), so it replaces none.
setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647')

const { dataDir, template } = workerData as PgliteWorkerData
try {
  // The extensions are what the migrations create and every Neon has.
  const db = await PGlite.create({
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(template === undefined ? {} : { loadDataDir: new Blob([readFileSync(template)]) }),
    extensions: { pg_trgm },
  })
  const { rows } = await db.query<{ name: string; setting: string }>(REPORTED_SETTINGS)
  parentPort?.on('message', (wire: ToPglite) => void run(db, wire))
  post({ kind: 'ready', settings: new Map(rows.map(({ name, setting }) => [name, setting])) })
} catch (error) {
  post({ kind: 'failure', message: messageOf(error) })
}

async function run(db: PGlite, wire: ToPglite): Promise<void> {
  try {
    if (wire === null) {
      await db.close()
      parentPort?.close()
      return
    }
    const reply = await db.execProtocolRaw(wire, { syncToFs: false })
    // A copy: what PGlite gives may be a part of a larger buffer, all of which would be sent.
    const bytes = reply.slice()
    post({ kind: 'reply', bytes }, [bytes.buffer])
  } catch (error) {
    post({ kind: 'failure', message: messageOf(error) })
  }
}

function post(message: FromPglite, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

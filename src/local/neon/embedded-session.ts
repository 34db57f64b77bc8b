import type { Duplex } from 'node:stream'
import type { PGlite } from '@electric-sql/pglite'
import { SqlFailure } from './sql-failure.ts'
import { StatementNames } from './statement-names.ts'
import type { Turnstile } from './turnstile.ts'
import * as wire from './wire-messages.ts'
import type { WireReader } from './wire-reader.ts'

/** SQL that may leave something behind in the session. `UPDATE ... SET` is caught too, and costs 30 us. */
const LEAVES_STATE =
  /\b(set|reset|set_config|prepare|listen|declare|load|temp|temporary|do|call|\w*advisory\w*)\b/i

/** PGlite would wait for the copy data on this very thread, which could then never read it. */
const COPY_IN = /(^|[;\0])\s*copy\b[^;]*\bfrom\s+stdin\b/i
const REFUSE_COPY = `DO $$BEGIN RAISE feature_not_supported
  USING MESSAGE = 'COPY FROM STDIN is not supported by the embedded Postgres'; END$$`

const DISCARD_ALL = wire.simpleQuery('DISCARD ALL')
const DISCARDED = Buffer.concat([wire.commandComplete('DISCARD ALL'), wire.readyForQuery('I')])
const RESET_SESSION = wire.simpleQuery(
  'RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_advisory_unlock_all()',
)

/** After these messages a client may wait for an answer: Query, Sync, Flush, FunctionCall, CopyDone, CopyFail. */
const BUNDLE_ENDS = new Set(['Q', 'S', 'H', 'F', 'c', 'f'])

/**
 * One client of the PGlite connection that all share. Messages are collected up to the one that asks for an answer and
 * run as one bundle, so no other client's Parse comes between a Parse and its Bind; the turnstile is kept until the
 * transaction is over. What a session leaves behind (SET, temporary tables) the others see until it ends or sends
 * DISCARD ALL: there is but one backend, as behind a PgBouncer in transaction mode.
 */
export class EmbeddedSession {
  readonly #db: PGlite
  readonly #turnstile: Turnstile
  readonly #stream: Duplex
  readonly #names: StatementNames
  #inside = false
  #leavesState = false

  constructor(db: PGlite, turnstile: Turnstile, stream: Duplex, id: number) {
    this.#db = db
    this.#turnstile = turnstile
    this.#stream = stream
    this.#names = new StatementNames(id)
  }

  async run(reader: WireReader): Promise<void> {
    let bundle: Buffer[] = []
    try {
      for (let message = await reader.next(); message !== null; message = await reader.next()) {
        const type = wire.typeOf(message)
        if (type === 'X') return
        bundle.push(this.#names.rename(this.#screen(type, message)))
        if (!BUNDLE_ENDS.has(type)) continue
        await this.#answer(bundle)
        bundle = []
      }
    } finally {
      await this.#end()
    }
  }

  #screen(type: string, message: Buffer): Buffer {
    if (type !== 'Q' && type !== 'P') return message
    const text = message.toString('latin1', 5)
    this.#leavesState ||= LEAVES_STATE.test(text)
    if (!COPY_IN.test(text)) return message
    return type === 'Q' ? wire.simpleQuery(REFUSE_COPY) : wire.parse(REFUSE_COPY)
  }

  async #answer(bundle: readonly Buffer[]): Promise<void> {
    const bytes = bundle.length === 1 && bundle[0] ? bundle[0] : Buffer.concat(bundle)
    if (!this.#inside && bytes.equals(DISCARD_ALL)) {
      await this.#reset()
      this.#stream.write(DISCARDED)
      return
    }
    if (!this.#inside) await this.#turnstile.enter()
    this.#inside = true
    this.#turnstile.busy()
    // it left while it waited its turn; what it asked for is not wanted any more
    if (this.#stream.destroyed) return
    const answer = await this.#exec(bytes)
    this.#stream.write(answer)
    if (wire.finalStatus(answer) === 'I') this.#leave()
    else this.#turnstile.idle(() => this.#evict())
  }

  async #exec(bytes: Buffer): Promise<Uint8Array> {
    return this.#db.execProtocolRaw(bytes, { syncToFs: false })
  }

  #leave(): void {
    this.#inside = false
    this.#turnstile.leave()
  }

  #evict(): void {
    const message = 'terminating connection due to idle-in-transaction timeout: other clients wait for PGlite'
    this.#stream.write(wire.errorResponse(new SqlFailure(400, message, { code: '25P03' })))
    this.#stream.destroy()
  }

  async #end(): Promise<void> {
    if (this.#db.closed) return
    if (this.#inside) {
      try {
        await this.#exec(wire.sync())
        if (this.#db.isInTransaction()) await this.#exec(wire.simpleQuery('ROLLBACK'))
      } finally {
        this.#leave()
      }
    }
    await this.#reset()
  }

  /** DISCARD ALL, but for the prepared statements of others. */
  async #reset(): Promise<void> {
    const closes = this.#names.closeAll()
    if (!this.#leavesState && closes === null) return
    await this.#turnstile.enter()
    try {
      if (this.#db.closed) return
      if (closes !== null) await this.#exec(closes)
      if (this.#leavesState) await this.#exec(RESET_SESSION)
      this.#leavesState = false
    } finally {
      this.#turnstile.leave()
    }
  }
}

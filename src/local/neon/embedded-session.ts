import type { Duplex } from 'node:stream'
import { serialize } from 'pg-protocol'
import { type Channels, type Subscription, subscriptionsIn } from './channels.ts'
import type { PgliteThread } from './pglite-thread.ts'
import { refusalOf } from './refused-statements.ts'
import { SqlFailure } from './sql-failure.ts'
import { StatementNames } from './statement-names.ts'
import type { Turnstile } from './turnstile.ts'
import * as wire from './wire-messages.ts'
import type { WireReader } from './wire-reader.ts'

/** What all sessions share. */
export interface Backend {
  readonly db: PgliteThread
  readonly turnstile: Turnstile
  readonly channels: Channels
}

/** SQL that may leave something behind in the session. `UPDATE ... SET` is caught too, and costs 30 us. */
const LEAVES_STATE =
  /\b(set|reset|set_config|prepare|listen|declare|load|temp|temporary|do|call|\w*advisory\w*)\b/i

const DISCARD_ALL = serialize.query('DISCARD ALL')
const DISCARDED = Buffer.concat([wire.commandComplete('DISCARD ALL'), wire.readyForQuery('I')])
const RESET_SESSION =
  'RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_advisory_unlock_all()'

/** Once a statement has crashed it, it replies to nothing more. */
const BROKEN = new SqlFailure(500, 'the embedded Postgres has failed: restart it', { code: 'XX000' })

/** After these messages a client may wait for a reply: Query, Sync, Flush, FunctionCall, CopyDone, CopyFail. */
const BUNDLE_ENDS = new Set(['Q', 'S', 'H', 'F', 'c', 'f'])

/**
 * One client of the PGlite connection that all share. Messages are collected up to the one that asks for a reply and
 * run as one bundle, so no other client's Parse comes between a Parse and its Bind; the turnstile is kept until the
 * transaction is over. What a session leaves behind (SET, temporary tables) the others see until it ends or sends
 * DISCARD ALL: there is but one backend, as behind a PgBouncer in transaction mode.
 */
export class EmbeddedSession {
  readonly #db: PgliteThread
  readonly #turnstile: Turnstile
  readonly #channels: Channels
  readonly #stream: Duplex
  readonly #id: number
  readonly #names: StatementNames
  #inside = false
  #leavesState = false
  /** Asked for in the transaction that is open. */
  #subscriptions: Subscription[] = []

  constructor({ db, turnstile, channels }: Backend, stream: Duplex, id: number) {
    this.#db = db
    this.#turnstile = turnstile
    this.#channels = channels
    this.#stream = stream
    this.#id = id
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
        await this.#reply(bundle)
        bundle = []
      }
    } finally {
      await this.#end()
    }
  }

  #screen(type: string, message: Buffer): Buffer {
    if (type !== 'Q' && type !== 'P') return message
    const sql = message.toString('utf8', 5)
    this.#leavesState ||= LEAVES_STATE.test(sql)
    this.#subscriptions.push(...subscriptionsIn(sql))
    return refusalOf(message, sql) ?? message
  }

  async #reply(bundle: readonly Buffer[]): Promise<void> {
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
    const reply = await this.#exec(bytes)
    if (reply.length === 0) throw BROKEN
    const isOver = wire.finalStatus(reply) === 'I'
    if (isOver && this.#subscriptions.length > 0) await this.#subscribe(reply)
    this.#stream.write(this.#channels.deliver(reply, this.#stream, this.#id))
    if (isOver) this.#leave()
    else this.#turnstile.idle(() => this.#evict())
  }

  async #exec(bytes: Buffer): Promise<Buffer> {
    const { buffer, byteOffset, byteLength } = await this.#db.exec(bytes)
    return Buffer.from(buffer, byteOffset, byteLength)
  }

  /** The end of a transaction with LISTEN or UNLISTEN in it: they count if it was committed. */
  async #subscribe(reply: Buffer): Promise<void> {
    const wanted = this.#subscriptions
    this.#subscriptions = []
    for (const message of wire.messagesOf(reply)) {
      const type = wire.typeOf(message)
      if (type === 'E' || (type === 'C' && message.toString('latin1', 5).startsWith('ROLLBACK'))) return
    }
    this.#channels.apply(this.#stream, wanted)
    // The backend has stopped for the others, too.
    const relisten = wanted.some(({ listen }) => !listen) ? this.#channels.relisten() : ''
    if (relisten !== '') await this.#exec(serialize.query(relisten))
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
    try {
      if (this.#inside && !this.#db.closed) {
        const status = wire.finalStatus(await this.#exec(serialize.sync()))
        if (status !== 'I') await this.#exec(serialize.query('ROLLBACK'))
      }
    } finally {
      if (this.#inside) this.#leave()
    }
    if (!this.#db.closed) await this.#reset()
  }

  /** DISCARD ALL, but for the prepared statements and the channels of others. */
  async #reset(): Promise<void> {
    this.#subscriptions = []
    this.#channels.forget(this.#stream)
    const closes = this.#names.closeAll()
    if (!this.#leavesState && closes === null) return
    await this.#turnstile.enter()
    try {
      if (this.#db.closed) return
      if (closes !== null) await this.#exec(closes)
      if (this.#leavesState)
        await this.#exec(serialize.query(`${RESET_SESSION}; ${this.#channels.relisten()}`))
      this.#leavesState = false
    } finally {
      this.#turnstile.leave()
    }
  }
}

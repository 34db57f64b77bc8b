import { serialize } from 'pg-protocol'
import { cString, message, typeOf } from './wire-messages.ts'

/**
 * Keeps apart the prepared statements of sessions that share one backend: a name a client gives gets its session's
 * prefix on the way in. No reply of Postgres repeats these names, so nothing has to be undone on the way out.
 */
export class StatementNames {
  readonly #prefix: string
  readonly #prepared = new Set<string>()

  constructor(session: number) {
    this.#prefix = `s${session}:`
  }

  rename(wire: Buffer): Buffer {
    const type = typeOf(wire)
    if (type === 'P') return this.#replaceAt(wire, 5, true)
    if (type === 'B') return this.#replaceAt(wire, wire.indexOf(0, 5) + 1, false)
    const ofStatement = (type === 'D' || type === 'C') && wire[5] === 'S'.charCodeAt(0)
    return ofStatement ? this.#replaceAt(wire, 6, false) : wire
  }

  /** Closes what the session prepared; `null` if it prepared nothing. */
  closeAll(): Buffer | null {
    if (this.#prepared.size === 0) return null
    const closes = [...this.#prepared].map((name) => serialize.close({ type: 'S', name }))
    this.#prepared.clear()
    return Buffer.concat([...closes, serialize.sync()])
  }

  #replaceAt(wire: Buffer, start: number, prepares: boolean): Buffer {
    const end = wire.indexOf(0, start)
    // the unnamed statement needs no prefix: a bundle that uses it has the backend to itself
    if (end <= start) return wire
    const name = this.#prefix + wire.toString('utf8', start, end)
    if (prepares) this.#prepared.add(name)
    return message(typeOf(wire), wire.subarray(5, start), cString(name), wire.subarray(end + 1))
  }
}

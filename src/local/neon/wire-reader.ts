import type { Readable } from 'node:stream'

/** No honest message comes near it; Postgres itself stops at 1 GB. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024

/** Cuts a byte stream into Postgres protocol messages. Everything resolves to `null` once the client is gone. */
export class WireReader {
  readonly #chunks: AsyncIterator<Buffer>
  #buffered: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** A message of the start-up phase, which has no type byte. */
  async startup(): Promise<Buffer | null> {
    return this.#message(0)
  }

  async next(): Promise<Buffer | null> {
    return this.#message(1)
  }

  /** What follows, uncut. */
  async *rest(): AsyncGenerator<Buffer> {
    if (this.#buffered.length > 0) yield this.#buffered
    this.#buffered = Buffer.alloc(0)
    for (let chunk = await this.#read(); chunk !== null; chunk = await this.#read()) yield chunk
  }

  async #message(lengthAt: number): Promise<Buffer | null> {
    if (!(await this.#fill(lengthAt + 4))) return null
    const length = lengthAt + this.#buffered.readInt32BE(lengthAt)
    if (length < lengthAt + 4 || length > MAX_MESSAGE_BYTES) return null
    if (!(await this.#fill(length))) return null
    const message = this.#buffered.subarray(0, length)
    this.#buffered = this.#buffered.subarray(length)
    return message
  }

  async #fill(bytes: number): Promise<boolean> {
    if (this.#buffered.length >= bytes) return true
    const parts = [this.#buffered]
    for (let have = this.#buffered.length; have < bytes; ) {
      const chunk = await this.#read()
      if (chunk === null) return false
      parts.push(chunk)
      have += chunk.length
    }
    this.#buffered = Buffer.concat(parts)
    return true
  }

  async #read(): Promise<Buffer | null> {
    try {
      const { done, value } = await this.#chunks.next()
      return done ? null : value
    } catch {
      return null
    }
  }
}

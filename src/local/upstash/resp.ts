/**
 * The Redis protocol, version 2, both ways. Written out here instead of taken from a Redis client, because Upstash's
 * wire shows what clients hide: 64-bit integers in full, and whether a string was a status (`OK`) or a value.
 * @module
 */

export type Argument = string | Buffer
/** The command's name, then its arguments. */
export type Command = readonly [string, ...Argument[]]

/** An error that Redis answered. Inside an array it is a value like any other (one command of a transaction failed). */
export class ReplyError {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** `string` is a status such as `OK`, `Buffer` a stored value, `bigint` an integer beyond what a number holds. */
export type Reply = null | number | bigint | string | Buffer | ReplyError | Reply[]

/** All commands as one chunk, so that they arrive, and run, back to back. */
export function encodeCommands(commands: readonly Command[]): string | Buffer {
  let text = ''
  const parts: Buffer[] = []
  for (const command of commands) {
    text += `*${command.length}\r\n`
    for (const argument of command) {
      if (typeof argument === 'string') {
        text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`
      } else {
        parts.push(Buffer.from(`${text}$${argument.length}\r\n`), argument)
        text = '\r\n'
      }
    }
  }
  return parts.length === 0 ? text : Buffer.concat([...parts, Buffer.from(text)])
}

/** A reply back in the bytes of the protocol. */
export function encodeReply(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n')
  if (typeof reply === 'string') return Buffer.from(`+${reply}\r\n`)
  if (typeof reply === 'number' || typeof reply === 'bigint') return Buffer.from(`:${reply}\r\n`)
  if (reply instanceof ReplyError) return Buffer.from(`-${reply.message}\r\n`)
  if (Array.isArray(reply)) {
    return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map((item) => encodeReply(item))])
  }
  return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, CRLF])
}

const CR = 13
const CRLF = Buffer.from('\r\n')
const EMPTY = Buffer.alloc(0)

/** Cuts the bytes of a connection into replies, whatever the chunks; each byte is looked at once or twice. */
export class ReplyParser {
  readonly #onReply: (reply: Reply) => void
  readonly #openArrays: { readonly items: Reply[]; readonly length: number }[] = []
  #data: Buffer = EMPTY
  #at = 0
  #held: Buffer[] = []
  #heldBytes = 0
  /** How many held bytes the next value needs; lets a large value collect its chunks without copying each time. */
  #needed = 0

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply
  }

  /** Throws on bytes that are not Redis replies; the connection is then beyond use. */
  push(chunk: Buffer): void {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes < this.#needed) return
    this.#data = this.#held.length === 1 ? chunk : Buffer.concat(this.#held)
    this.#at = 0
    this.#needed = 0
    while (this.#at < this.#data.length && this.#next());
    const rest = this.#data.subarray(this.#at)
    this.#held = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
    this.#data = EMPTY
  }

  /** Reads one value; false, with nothing consumed, if the data ends before the value does. */
  #next(): boolean {
    const end = this.#data.indexOf(CR, this.#at)
    if (end === -1 || end + 1 >= this.#data.length) return false
    const type = this.#data[this.#at]
    const line = this.#data.toString('utf8', this.#at + 1, end)
    if (type === 0x24 /* $ */) return this.#bulk(Number(line), end + 2)
    this.#at = end + 2
    if (type === 0x2a /* * */) this.#array(Number(line))
    else if (type === 0x3a /* : */) this.#value(integer(line))
    else if (type === 0x2b /* + */) this.#value(line)
    else if (type === 0x2d /* - */) this.#value(new ReplyError(line))
    else throw new Error(`unexpected byte ${type} in a Redis reply`)
    return true
  }

  #bulk(length: number, start: number): boolean {
    const end = start + length
    if (length >= 0 && this.#data.length < end + 2) {
      this.#needed = end + 2 - this.#at
      return false
    }
    this.#at = length < 0 ? start : end + 2
    this.#value(length < 0 ? null : this.#data.subarray(start, end))
    return true
  }

  #array(length: number): void {
    if (length < 0) this.#value(null)
    else if (length === 0) this.#value([])
    else this.#openArrays.push({ items: [], length })
  }

  #value(value: Reply): void {
    let complete = value
    for (let array = this.#openArrays.at(-1); array !== undefined; array = this.#openArrays.at(-1)) {
      array.items.push(complete)
      if (array.items.length < array.length) return
      this.#openArrays.pop()
      complete = array.items
    }
    this.#onReply(complete)
  }
}

function integer(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}

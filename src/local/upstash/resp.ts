import { ErrorReply } from '@redis/client'

export type Argument = string | Buffer
/** The command's name, then its arguments. */
export type Command = readonly [string, ...Argument[]]

/**
 * What Redis replies, as far as Upstash's wire tells it apart: `Buffer` is a stored value, `string` a status such as
 * `OK` or the digits of an integer, which a number would round beyond 53 bits. Inside an array an error is a value like
 * any other (one command of a transaction failed).
 */
export type Reply = null | string | Buffer | ErrorReply | Reply[]

/** Tells integers from statuses, none of which is a number. */
export function isInteger(reply: string): boolean {
  return /^-?\d+$/.test(reply)
}

/** A reply back in the bytes of the Redis protocol, version 2. */
export function encodeReply(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n')
  if (typeof reply === 'string') return Buffer.from(`${isInteger(reply) ? ':' : '+'}${reply}\r\n`)
  if (reply instanceof ErrorReply) return Buffer.from(`-${reply.message}\r\n`)
  if (Array.isArray(reply))
    return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encodeReply)])
  return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')])
}

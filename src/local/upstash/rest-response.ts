import { ErrorReply } from '@redis/client'
import type { BridgeResponse } from '../intercept.ts'
import { encodeReply, isInteger, type Reply } from './resp.ts'
import { notAvailable, RestError } from './rest-error.ts'

/** How a client wants its results: as JSON, as JSON with every string in base64, or as the bytes of Redis. */
export type Format = 'json' | 'base64' | 'resp2'

const JSON_HEADERS = { 'content-type': 'application/json' } as const
const BYTES_HEADERS = { 'content-type': 'application/octet-stream' } as const

/** Throws RestError for what Upstash refuses. */
export function chooseFormat(responseFormat: unknown, encoding: unknown): Format {
  if (responseFormat !== undefined && responseFormat !== 'json' && responseFormat !== 'resp2') {
    throw new RestError('ERR invalid Upstash-Response-Format, only json and resp2 are allowed')
  }
  if (responseFormat !== 'resp2') return encoding === 'base64' ? 'base64' : 'json'
  if (encoding === 'base64') throw new RestError('ERR Upstash-Encoding: base64 is not allowed with resp2')
  return 'resp2'
}

export function errorResponse(status: number, message: string): BridgeResponse {
  return { status, headers: JSON_HEADERS, body: JSON.stringify({ error: message }) }
}

/** The response to a single command: a failed one is a 400. */
export function replyResponse(reply: Reply, format: Format): BridgeResponse {
  const status = reply instanceof ErrorReply ? 400 : 200
  if (format === 'resp2') return bytesResponse(status, [reply])
  return { status, headers: JSON_HEADERS, body: envelope(reply, format) }
}

/** The response to several commands: always a 200, each result or error in its place. */
export function repliesResponse(replies: readonly Reply[], format: Format): BridgeResponse {
  if (format === 'resp2') return bytesResponse(200, replies)
  const body = `[${replies.map((reply) => envelope(reply, format)).join(',')}]`
  return { status: 200, headers: JSON_HEADERS, body }
}

/** A response's body is text, so the bytes travel as latin1: one character per byte. */
export function isBytes({ headers }: BridgeResponse): boolean {
  return headers['content-type'] === BYTES_HEADERS['content-type']
}

function bytesResponse(status: number, replies: readonly Reply[]): BridgeResponse {
  const bytes = Buffer.concat(replies.map((reply) => encodeReply(asUpstashSays(reply))))
  return { status, headers: BYTES_HEADERS, body: bytes.toString('latin1') }
}

function envelope(reply: Reply, format: 'json' | 'base64'): string {
  const said = asUpstashSays(reply)
  if (said instanceof ErrorReply) return `{"error":${JSON.stringify(said.message)}}`
  // The one string that base64 leaves alone, and only as the whole result: clients decode it inside arrays.
  if (said === 'OK') return '{"result":"OK"}'
  return `{"result":${toJson(said, format)}}`
}

function toJson(reply: Reply, format: 'json' | 'base64'): string {
  if (reply === null) return 'null'
  if (typeof reply === 'string' && isInteger(reply)) return reply
  if (Array.isArray(reply)) return `[${reply.map((item) => toJson(item, format)).join(',')}]`
  const text = reply instanceof ErrorReply ? reply.message : reply
  if (format === 'json') return JSON.stringify(text.toString())
  return `"${(typeof text === 'string' ? Buffer.from(text) : text).toString('base64')}"`
}

function asUpstashSays(reply: Reply): Reply {
  if (!(reply instanceof ErrorReply)) return reply
  const unknown = /^ERR unknown command '?([^',]*)/i.exec(reply.message)?.[1]
  return unknown === undefined ? reply : new ErrorReply(notAvailable(unknown.toUpperCase()).message)
}

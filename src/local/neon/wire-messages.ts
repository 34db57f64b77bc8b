/**
 * @module
 * The server's side of the Postgres protocol (https://www.postgresql.org/docs/current/protocol.html), as far as the
 * bridge speaks it itself. The client's side is pg-protocol's.
 */
import type { SqlFailure } from './sql-failure.ts'

export const SSL_REQUEST = 80_877_103
export const GSS_REQUEST = 80_877_104
export const CANCEL_REQUEST = 80_877_102

export const REQUEST_PASSWORD = message('R', int32(3))

/** What a client waits for after its password: OK, the settings it should know, its cancel key, ready. */
export function welcome(settings: ReadonlyMap<string, string>, processId: number, secretKey: number): Buffer {
  const parameters = [...settings].map(([name, value]) => message('S', cString(name), cString(value)))
  const key = message('K', int32(processId), int32(secretKey))
  return Buffer.concat([message('R', int32(0)), ...parameters, key, readyForQuery('I')])
}

export function errorResponse(failure: SqlFailure): Buffer {
  const { severity = 'FATAL', code = '08006', hint } = failure.fields
  const parts = [`S${severity}`, `V${severity}`, `C${code}`, `M${failure.message}`]
  if (hint !== undefined) parts.push(`H${hint}`)
  return message('E', ...parts.map(cString), Buffer.of(0))
}

export function commandComplete(tag: string): Buffer {
  return message('C', cString(tag))
}

export function readyForQuery(status: 'I' | 'T' | 'E'): Buffer {
  return message('Z', Buffer.from(status))
}

export function typeOf(wire: Buffer): string {
  return String.fromCharCode(wire[0] ?? 0)
}

/** The transaction status a reply ends with, or `null` if it does not end with ReadyForQuery. */
export function finalStatus(reply: Buffer): string | null {
  const tail = reply.subarray(-6)
  return tail.length === 6 && typeOf(tail) === 'Z' && tail.readInt32BE(1) === 5
    ? typeOf(tail.subarray(5))
    : null
}

/** The messages of a reply, in order. */
export function* messagesOf(reply: Buffer): Generator<Buffer, void> {
  for (let at = 0; at + 5 <= reply.length; ) {
    const end = at + 1 + reply.readInt32BE(at + 1)
    yield reply.subarray(at, end)
    at = end
  }
}

/** `key\0value\0...\0` of a startup message. */
export function startupParameters(startup: Buffer): ReadonlyMap<string, string> {
  const words = startup.toString('utf8', 8).split('\0')
  const parameters = new Map<string, string>()
  for (let i = 0; i + 1 < words.length && words[i] !== ''; i += 2) {
    parameters.set(words[i] ?? '', words[i + 1] ?? '')
  }
  return parameters
}

export function message(type: string, ...body: readonly Buffer[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 4)
  return Buffer.concat([Buffer.from(type), int32(length), ...body])
}

export function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

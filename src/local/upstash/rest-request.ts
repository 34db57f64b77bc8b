import { createDepthGuard } from '../../node/json-depth.ts'
import { withoutKeyLocking } from './key-locking.ts'
import { commandFromPath, parsePath } from './path-command.ts'
import { refusalOf } from './refused.ts'
import type { Argument, Command } from './resp.ts'
import { RestError } from './rest-error.ts'

export interface RawRequest {
  readonly method: string
  /** Path and query as received. */
  readonly url: string
  readonly body: Buffer
  readonly wantsEvents: boolean
}

/** What a request asks for. A pipeline goes on past a command that cannot be sent; nothing else does. */
export type RestRequest =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'pipeline'; readonly entries: readonly (Command | RestError)[] }
  | { readonly kind: 'transaction'; readonly commands: readonly Command[] }
  | { readonly kind: 'feed'; readonly command: Command }

const FEEDS = new Set(['MONITOR', 'SUBSCRIBE', 'PSUBSCRIBE'])

/** Throws RestError on anything that cannot be understood or is not allowed. */
export function parseRestRequest(request: RawRequest): RestRequest {
  const { segments, query } = parsePath(request.url)
  const [first = '', ...others] = segments
  if (others.length === 0 && first === '')
    return { kind: 'command', command: allowed(singleCommand(request.body)) }
  if (others.length === 0 && first === 'pipeline') {
    return { kind: 'pipeline', entries: commandList(request.body, 'pipeline').map(pipelineEntry) }
  }
  if (others.length === 0 && first === 'multi-exec') {
    const rows = commandList(request.body, 'transaction')
    return { kind: 'transaction', commands: rows.map((row) => allowed(toCommand(row, 'transaction '))) }
  }
  if (request.wantsEvents && FEEDS.has(first.toUpperCase())) {
    // No body: the client posts an empty array to these.
    return { kind: 'feed', command: commandFromPath(segments, [], undefined) }
  }
  const takesBody = request.method === 'POST' || request.method === 'PUT'
  const body = takesBody && request.body.length > 0 ? request.body : undefined
  return { kind: 'command', command: allowed(commandFromPath(segments, query, body)) }
}

function allowed(command: Command): Command {
  const refusal = refusalOf(command)
  if (refusal !== undefined) throw refusal
  return withoutKeyLocking(command)
}

function pipelineEntry(row: unknown): Command | RestError {
  try {
    return allowed(toCommand(row, 'pipeline '))
  } catch (error) {
    if (error instanceof RestError) return error
    throw error
  }
}

function singleCommand(body: Buffer): Command {
  if (body.length === 0) throw new RestError('ERR empty command')
  const row = parseJson(body)
  if (!Array.isArray(row)) throw new RestError('ERR failed to parse command')
  return toCommand(row, '')
}

function commandList(body: Buffer, what: string): readonly unknown[] {
  const rows = parseJson(body)
  if (!Array.isArray(rows) || !rows.every(Array.isArray)) {
    throw new RestError(`ERR failed to parse ${what} request`)
  }
  if (rows.length === 0) throw new RestError(`ERR empty ${what} request`)
  return rows
}

/** Upstash's parser has a limit too. Far fewer levels than would overflow the stack when an argument is written as JSON. */
const MAX_DEPTH = 1_000

/** `undefined` for what is not JSON, or nested too deep. */
function parseJson(body: Buffer): unknown {
  if (createDepthGuard(MAX_DEPTH)(body) !== null) return undefined
  const text = body.toString()
  try {
    // Integers that a double would round are kept as bigints; the pattern spares the others the slower way.
    return /\d{16}/.test(text) ? JSON.parse(text, keepInteger) : JSON.parse(text)
  } catch {
    return undefined
  }
}

function keepInteger(_key: string, value: unknown, context?: { readonly source: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return context !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value
}

function toCommand(row: unknown, where: string): Command {
  const [name, ...args] = Array.isArray(row) ? (row as readonly unknown[]) : []
  if (name === undefined) throw new RestError(`ERR empty ${where}command`)
  if (typeof name === 'object') throw new RestError('ERR failed to parse command')
  return [String(name), ...args.map(toArgument)]
}

/** Everything that is not a string is sent as its JSON: numbers, booleans, null, objects and arrays. */
function toArgument(value: unknown): Argument {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return value.toString()
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner))
}

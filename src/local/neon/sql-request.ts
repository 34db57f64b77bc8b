import type { IncomingHttpHeaders } from 'node:http'
import { jsonToPostgresText } from './json-params.ts'
import { SqlFailure } from './sql-failure.ts'

export interface SqlStatement {
  readonly text: string
  /** In Postgres' text format; `null` = SQL NULL. */
  readonly params: readonly (string | null)[]
  readonly arrayMode: boolean
}

export interface SqlRequest {
  readonly statements: readonly SqlStatement[]
  /** The statement that opens the transaction around a batch; `null` = a single statement, in none. */
  readonly begin: string | null
  /** Values go out as Postgres wrote them; otherwise as JSON values. */
  readonly rawText: boolean
  /** Headers that Neon repeats in its response to a batch. */
  readonly echo: Readonly<Record<string, string>>
}

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  Serializable: 'SERIALIZABLE',
  RepeatableRead: 'REPEATABLE READ',
  ReadCommitted: 'READ COMMITTED',
  ReadUncommitted: 'READ UNCOMMITTED',
}

/** As in Neon's proxy, a flag is set by exactly `true` and nothing else. */
export function readSqlRequest(headers: IncomingHttpHeaders, body: string): SqlRequest {
  const arrayMode = headers['neon-array-mode'] === 'true'
  const rawText = headers['neon-raw-text-output'] === 'true'
  const transaction = readTransaction(headers)
  const payload = parsePayload(body)
  if (typeof payload.query === 'string') {
    return { statements: [readStatement(payload, arrayMode)], begin: null, rawText, echo: {} }
  }
  if (!Array.isArray(payload.queries)) throw badBody('neither `query` nor `queries` is there')
  return {
    statements: payload.queries.map((query) => readStatement(query, arrayMode)),
    rawText,
    ...transaction,
  }
}

function readTransaction(headers: IncomingHttpHeaders): Pick<SqlRequest, 'begin' | 'echo'> {
  const clauses: string[] = []
  const echo: Record<string, string> = {}
  const level = headers['neon-batch-isolation-level']
  if (level !== undefined) {
    const sql = typeof level === 'string' ? ISOLATION_LEVELS[level] : undefined
    if (sql === undefined) throw new SqlFailure(400, 'invalid isolation level')
    clauses.push(`ISOLATION LEVEL ${sql}`)
    echo['neon-batch-isolation-level'] = String(level)
  }
  for (const [header, clause] of [
    ['neon-batch-read-only', 'READ ONLY'],
    ['neon-batch-deferrable', 'DEFERRABLE'],
  ] as const) {
    if (headers[header] !== 'true') continue
    clauses.push(clause)
    echo[header] = 'true'
  }
  return { begin: `BEGIN ${clauses.join(', ')}`.trim(), echo }
}

interface Payload {
  readonly query?: unknown
  readonly params?: unknown
  readonly arrayMode?: unknown
  readonly queries?: unknown
}

function parsePayload(body: string): Payload {
  try {
    const payload: unknown = JSON.parse(body)
    if (typeof payload === 'object' && payload !== null) return payload
  } catch (error) {
    throw badBody(String(error))
  }
  throw badBody('not a JSON object')
}

function readStatement(payload: Payload | null, arrayMode: boolean): SqlStatement {
  const { query, params = [], arrayMode: own } = payload ?? {}
  if (typeof query !== 'string') throw badBody('`query` is not a string')
  if (!Array.isArray(params)) throw badBody('`params` is not an array')
  return {
    text: query,
    params: params.map(jsonToPostgresText),
    arrayMode: typeof own === 'boolean' ? own : arrayMode,
  }
}

function badBody(reason: string): SqlFailure {
  return new SqlFailure(400, `could not parse the HTTP request body: ${reason}`)
}

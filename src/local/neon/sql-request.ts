import type { IncomingHttpHeaders } from 'node:http'
import * as v from 'valibot'
import { SqlFailure } from './sql-failure.ts'

export interface SqlStatement {
  readonly text: string
  /** The driver sends strings and nulls; any JSON will do: an array becomes an array literal, an object its JSON. */
  readonly params: readonly unknown[]
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

const statementSchema = v.object({
  query: v.string(),
  params: v.optional(v.array(v.unknown()), []),
  arrayMode: v.optional(v.boolean()),
})
const bodySchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.union([statementSchema, v.object({ queries: v.array(statementSchema) })]),
)

/** As in Neon's proxy, a flag is set by exactly `true` and nothing else. */
export function readSqlRequest(headers: IncomingHttpHeaders, text: string): SqlRequest {
  const transaction = readTransaction(headers)
  const { success, output: body, issues } = v.safeParse(bodySchema, text)
  if (!success) throw new SqlFailure(400, `could not parse the HTTP request body: ${v.summarize(issues)}`)
  const isBatch = 'queries' in body
  const statements = (isBatch ? body.queries : [body]).map(({ query, params, arrayMode }) => ({
    text: query,
    params,
    arrayMode: arrayMode ?? headers['neon-array-mode'] === 'true',
  }))
  const rawText = headers['neon-raw-text-output'] === 'true'
  return { statements, rawText, ...(isBatch ? transaction : { begin: null, echo: {} }) }
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

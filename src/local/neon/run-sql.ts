import type { ServerResponse } from 'node:http'
import type pg from 'pg'
import type { ConnectionPools } from './connection-pools.ts'
import type { Credentials } from './credentials.ts'
import type { Database } from './database.ts'
import { ARRAY_TYPES_QUERY, type ArrayTypes } from './json-values.ts'
import { readsStdin } from './refused-statements.ts'
import { queryFailure, SqlFailure } from './sql-failure.ts'
import type { SqlRequest, SqlStatement } from './sql-request.ts'
import { renderSqlResponse, type SqlResult } from './sql-response.ts'

/** Neon's own limit on a response. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024

export interface SqlOptions {
  readonly database: Database
  readonly pools: ConnectionPools
}

/**
 * Runs a request on a connection of the pool, and resolves to the body of a 200. Cancelled when the client leaves.
 * @throws {SqlFailure}
 */
export async function runSql(
  sql: SqlRequest,
  credentials: Credentials,
  response: ServerResponse,
  { database, pools }: SqlOptions,
): Promise<string> {
  if (sql.statements.some(({ text }) => readsStdin(text)))
    throw new SqlFailure(400, 'COPY FROM STDIN is not supported over HTTP')
  const client = await pools.connect(credentials)
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  let cancelled = false
  const cancel = () => {
    cancelled = true
    database.cancel(processID, secretKey)
  }
  response.once('close', cancel)
  try {
    // a client that left while it waited for a connection wants nothing any more
    if (response.destroyed) throw new SqlFailure(400, 'Query cancelled, connection was terminated')
    const results = await runStatements(sql, client)
    const body = renderSqlResponse(sql, results, sql.rawText ? null : await readArrayTypes(client))
    if (Buffer.byteLength(body) <= MAX_RESPONSE_BYTES) return body
    throw new SqlFailure(507, `response is too large (max is ${MAX_RESPONSE_BYTES} bytes)`)
  } catch (error) {
    throw queryFailure(error)
  } finally {
    response.off('close', cancel)
    // a cancel request may arrive late: it must not find another request's query there
    if (cancelled) client.release(true)
    else void cleanUp(client)
  }
}

/** A batch that fails leaves the connection in a failed transaction, for the clean-up to roll back. */
async function runStatements(
  { statements, begin }: SqlRequest,
  client: pg.PoolClient,
): Promise<readonly SqlResult[]> {
  const results: SqlResult[] = []
  if (begin !== null) await client.query(begin)
  for (const statement of statements) results.push(await client.query(asNeonRuns(statement)))
  if (begin !== null) await client.query('COMMIT')
  return results
}

/** By the extended protocol always (so `SELECT 1; SELECT 2` is refused), and with values kept as text. */
function asNeonRuns({ text, params }: SqlStatement): pg.QueryArrayConfig & { queryMode: 'extended' } {
  const types = { getTypeParser: () => (value: string) => value }
  return { text, values: [...params], rowMode: 'array', queryMode: 'extended', types }
}

async function readArrayTypes(client: pg.PoolClient): Promise<ArrayTypes> {
  const { rows } = await client.query<[number, number]>({ text: ARRAY_TYPES_QUERY, rowMode: 'array' })
  return new Map(rows)
}

/**
 * Gives the connection back as if it were new: no session survives a request, so no SET, temporary table, advisory
 * lock or open transaction may. Happens after the response is on its way; a connection that cannot be cleaned is closed.
 */
async function cleanUp(client: pg.PoolClient): Promise<void> {
  try {
    // always true after a failed batch, and after a lone BEGIN
    if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK')
    await client.query('DISCARD ALL')
    client.release()
  } catch {
    client.release(true)
  }
}

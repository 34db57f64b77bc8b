import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type pg from 'pg'
import type { Answer, Intercept } from '../intercept.ts'
import type { ConnectionPools, Pool } from './connection-pools.ts'
import { allowedOrigin, type Credentials, readConnectionString } from './credentials.ts'
import type { Database } from './database.ts'
import { type ArrayTypes, FIRST_USER_OID } from './json-values.ts'
import { renderAnswer } from './sql-answer.ts'
import { queryFailure, SqlFailure } from './sql-failure.ts'
import { readSqlRequest, type SqlRequest } from './sql-request.ts'
import { type SqlResult, SqlRun } from './sql-run.ts'

/** Neon's own limit on a request. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024

export interface SqlEndpointOptions {
  readonly database: Database
  readonly pools: ConnectionPools
  readonly intercept: Intercept | undefined
}

/** `POST /sql`: Neon's SQL over HTTP. Never rejects. */
export async function answerSql(
  request: IncomingMessage,
  response: ServerResponse,
  options: SqlEndpointOptions,
): Promise<void> {
  try {
    // in the order of Neon's proxy: who asks comes before what is asked
    const credentials = readCredentials(request.headers, options.database)
    const sql = readSqlRequest(request.headers, await readBody(request))
    let answer: Promise<Answer> | undefined
    const execute = () => {
      answer ??= runRequest(credentials, sql, response, options)
      return answer
    }
    const commands = sql.statements.map((statement) => statement.text)
    const { intercept } = options
    const toSend =
      intercept === undefined
        ? await execute()
        : await intercept({ store: 'postgres', commands, text: () => commands.join('\n'), execute, response })
    if (toSend !== null) send(response, toSend)
  } catch (error) {
    send(response, failureAnswer(error))
  }
}

function readCredentials(headers: IncomingHttpHeaders, database: Database): Credentials {
  if (!allowedOrigin(headers.origin)) {
    throw new SqlFailure(403, `pages of ${headers.origin} may not use this local bridge`)
  }
  if (headers.authorization?.startsWith('Bearer ')) {
    throw new SqlFailure(400, 'JWT authentication is a feature of Neon that the local bridge does not have')
  }
  const header = headers['neon-connection-string']
  return readConnectionString(typeof header === 'string' ? header : undefined, database.hostname)
}

/** Never rejects: a failure is an answer, too. */
async function runRequest(
  credentials: Credentials,
  sql: SqlRequest,
  response: ServerResponse,
  { database, pools }: SqlEndpointOptions,
): Promise<Answer> {
  try {
    const pool = pools.for(credentials)
    const client = await pool.connect()
    const body = await runOn(client, pool, sql, response, database)
    return { status: 200, headers: { 'content-type': 'application/json', ...sql.echo }, body }
  } catch (error) {
    return failureAnswer(error)
  }
}

async function runOn(
  client: pg.PoolClient,
  pool: Pool,
  sql: SqlRequest,
  response: ServerResponse,
  database: Database,
): Promise<string> {
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
    const run = client.query(new SqlRun(sql))
    const results = await run.results
    const arrays = sql.rawText ? null : await arrayTypesFor(results, pool, client)
    return renderAnswer(sql, results, arrays)
  } catch (error) {
    throw queryFailure(error)
  } finally {
    response.off('close', cancel)
    // a cancel request may arrive late: it must not find somebody else's query there
    if (cancelled) client.release(true)
    else void cleanUp(client)
  }
}

/**
 * Gives the connection back as if it were new: no session survives a request, so no SET, temporary table, advisory
 * lock or open transaction may. Happens after the answer is on its way; a connection that cannot be cleaned is closed.
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

async function arrayTypesFor(
  results: readonly SqlResult[],
  pool: Pool,
  client: pg.PoolClient,
): Promise<ArrayTypes> {
  const arrays = await pool.arrayTypes(client, false)
  const unknown = results.some(({ fields }) => fields.some(({ dataTypeID }) => dataTypeID >= FIRST_USER_OID))
  return unknown ? pool.arrayTypes(client, true) : arrays
}

/** A body that is too large is read to its end but not kept: a client that is still sending sees no early answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  let chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk)
    else chunks = []
  }
  if (bytes > MAX_REQUEST_BYTES) {
    throw new SqlFailure(413, `request is too large (max is ${MAX_REQUEST_BYTES} bytes)`)
  }
  return Buffer.concat(chunks).toString('utf8')
}

export function failureAnswer(error: unknown): Answer {
  const failure =
    error instanceof SqlFailure
      ? error
      : new SqlFailure(500, error instanceof Error ? error.message : String(error))
  return { status: failure.status, headers: { 'content-type': 'application/json' }, body: failure.toBody() }
}

export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

import type { ServerResponse } from 'node:http'
import type pg from 'pg'
import type { Pool } from './connection-pools.ts'
import type { Database } from './database.ts'
import { type ArrayTypes, FIRST_USER_OID } from './json-values.ts'
import { queryFailure, SqlFailure } from './sql-failure.ts'
import type { SqlRequest } from './sql-request.ts'
import { renderSqlResponse } from './sql-response.ts'
import { type SqlResult, SqlRun } from './sql-run.ts'

/**
 * Runs a request on a connection of the pool, and resolves to the body of a 200. Cancelled when the client leaves.
 * @throws {SqlFailure}
 */
export async function runSql(
  sql: SqlRequest,
  pool: Pool,
  response: ServerResponse,
  database: Database,
): Promise<string> {
  const client = await pool.connect()
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
    return renderSqlResponse(sql, results, arrays)
  } catch (error) {
    throw queryFailure(error)
  } finally {
    response.off('close', cancel)
    // a cancel request may arrive late: it must not find another request's query there
    if (cancelled) client.release(true)
    else void cleanUp(client)
  }
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

async function arrayTypesFor(
  results: readonly SqlResult[],
  pool: Pool,
  client: pg.PoolClient,
): Promise<ArrayTypes> {
  const arrays = await pool.arrayTypes(client, false)
  const unknown = results.some(({ fields }) => fields.some(({ dataTypeID }) => dataTypeID >= FIRST_USER_OID))
  return unknown ? pool.arrayTypes(client, true) : arrays
}

/**
 * @module
 * The one way to Postgres: Neon's SQL over HTTP, bounded in time. Statements are Drizzle's `sql` templates, which make a
 * parameter of every value; its query builder would be a tenth of the Worker. Imported on first use only.
 */
import { neon, neonConfig, types } from '@neondatabase/serverless'
import type { SQL } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import type { Breaker } from '../breaker.ts'
import type { Config } from '../config.ts'
import { againIfRolledBack, postgresFailure } from './postgres-error.ts'

/**
 * Numbers of 64 bits and instants come as Postgres writes them.
 * @throws {SourceUnavailable} when Postgres did not answer or cannot now; an SQL error comes through as it is.
 */
export interface Database {
  /** @param within milliseconds, for what no visitor waits for; default: as configured. */
  execute<Row>(statement: SQL, within?: number): Promise<Row[]>
  /** As one transaction in one request; resolves to the rows of `statement`. */
  executeAfter<Row>(settings: SQL, statement: SQL): Promise<Row[]>
}

/** Its OID in every Postgres. */
const TIMESTAMPTZ = 1184

export function openDatabase(config: Config['postgres'], breaker: Breaker): Database {
  const { url, fetchEndpoint, timeoutMs } = config
  if (fetchEndpoint !== null) neonConfig.fetchEndpoint = fetchEndpoint
  neonConfig.fetchFunction = (input: RequestInfo, init?: RequestInit) =>
    breaker.run(async () => {
      const response = await fetch(input, { signal: AbortSignal.timeout(timeoutMs), ...init })
      // Postgres's own errors come with 400; anything above is the proxy saying that there is no Postgres.
      if (response.status >= 500) throw new Error(`Neon answered ${response.status}`)
      // Read here, so that a body that breaks off counts as an outage too.
      return new Response(await response.arrayBuffer(), response)
    })
  // The driver would make a Date of it and lose the microseconds.
  types.setTypeParser(TIMESTAMPTZ, (text) => text)
  const client = neon(url)
  const query = (statement: SQL, within?: number) => {
    const { sql, params } = statement.toQuery(RENDERING)
    if (within === undefined) return client.query(sql, params)
    return client.query(sql, params, { fetchOptions: { signal: AbortSignal.timeout(within) } })
  }
  const guard = async <Rows>(work: PromiseLike<unknown>): Promise<Rows> => {
    try {
      return (await work) as Rows
    } catch (error) {
      throw postgresFailure(error)
    }
  }
  return {
    execute: (statement, within) => againIfRolledBack(() => guard(query(statement, within))),
    async executeAfter<Row>(settings: SQL, statement: SQL) {
      const [, rows] = await againIfRolledBack(() =>
        guard<[unknown, Row[]]>(client.transaction([query(settings), query(statement)])),
      )
      return rows
    },
  }
}

/** How Drizzle is to write a statement. Names stand in the templates as they are. */
const RENDERING: Parameters<SQL['toQuery']>[0] = {
  casing: new CasingCache(),
  escapeName: (name) => `"${name.replaceAll('"', '""')}"`,
  escapeParam: (index) => `$${index + 1}`,
  escapeString: (text) => `'${text.replaceAll("'", "''")}'`,
}

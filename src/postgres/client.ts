/**
 * @module
 * The one way to Postgres: Drizzle over Neon's SQL over HTTP, bounded in time. Imported on first use only.
 */
import { neon, neonConfig } from '@neondatabase/serverless'
import type { SQL } from 'drizzle-orm'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import type { Breaker } from '../breaker.ts'
import type { Config } from '../config.ts'
import { noteSubrequest } from '../subrequests.ts'
import { againIfRolledBack, postgresFailure } from './postgres-error.ts'
import * as linkSchema from './schema.ts'
import * as visitSchema from './visit-schema.ts'

const schema = { ...linkSchema, ...visitSchema }

export type QueryBuilder = NeonHttpDatabase<typeof schema>

/** Every method throws `SourceUnavailable` when Postgres did not answer or cannot now, and an SQL error as it is. */
export interface Database {
  /**
   * Runs a query, and again if Postgres rolled it back.
   * @param build is called for each attempt.
   * @param within milliseconds, for what no visitor waits for; default: as configured.
   */
  run<Result>(build: (db: QueryBuilder) => PromiseLike<Result>, within?: number): Promise<Result>
  /** For a statement that the query builder cannot write. Numbers of 64 bits and instants come as Postgres writes them. */
  execute<Row>(statement: SQL, within?: number): Promise<Row[]>
}

export function openDatabase(config: Config['postgres'], breaker: Breaker): Database {
  const { url, fetchEndpoint, timeoutMs } = config
  if (fetchEndpoint !== null) neonConfig.fetchEndpoint = fetchEndpoint
  neonConfig.fetchFunction = (input: RequestInfo, init?: RequestInit) =>
    breaker.run(async () => {
      noteSubrequest()
      const response = await fetch(input, init)
      // Postgres's own errors come with 400; anything above is the proxy saying that there is no Postgres.
      if (response.status >= 500) throw new Error(`Neon answered ${response.status}`)
      // Read here, so that a body that breaks off counts as an outage too.
      return new Response(await response.arrayBuffer(), response)
    })
  const connect = (within: number): QueryBuilder => {
    // The driver reads the options for each request.
    const fetchOptions = {
      get signal() {
        return AbortSignal.timeout(within)
      },
    }
    return drizzle(neon(url, { fetchOptions }), { schema })
  }
  const connected = connect(timeoutMs)

  const run: Database['run'] = (build, within) => {
    const db = within === undefined ? connected : connect(within)
    return againIfRolledBack(async () => {
      try {
        return await build(db)
      } catch (error) {
        throw postgresFailure(error)
      }
    })
  }
  return {
    run,
    async execute<Row>(statement: SQL, within?: number) {
      const { rows } = await run((db) => db.execute(statement), within)
      return rows as Row[]
    },
  }
}

/**
 * @module
 * The one way to Postgres: Neon's SQL over HTTP, bounded in time, through Drizzle. Imported on first use only: an
 * isolate that serves from its caches never evaluates Drizzle.
 */
import { neon, neonConfig } from '@neondatabase/serverless'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import type { Breaker } from '../breaker.ts'
import type { Config } from '../config.ts'
import * as schema from './schema.ts'

export type Database = NeonHttpDatabase<typeof schema>

export function openDatabase(config: Config['postgres'], breaker: Breaker): Database {
  const { url, fetchEndpoint, timeoutMs } = config
  if (fetchEndpoint !== null) neonConfig.fetchEndpoint = fetchEndpoint
  neonConfig.fetchFunction = (input: RequestInfo, init?: RequestInit) =>
    breaker.run(async () => {
      const response = await fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) })
      // Postgres's own errors come with 400; anything above is the proxy saying that there is no Postgres.
      if (response.status >= 500) throw new Error(`Neon answered ${response.status}`)
      // Read here, so that a body that breaks off counts as an outage too.
      return new Response(await response.arrayBuffer(), response)
    })
  return drizzle(neon(url), { schema })
}

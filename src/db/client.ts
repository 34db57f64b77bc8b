/**
 * @module
 * The one way to Postgres: Neon's SQL over HTTP, bounded in time, through Drizzle. Imported on first use only: an
 * isolate that serves from its caches never evaluates Drizzle.
 */
import { neon, neonConfig } from '@neondatabase/serverless'
import { drizzle, type NeonHttpDatabase } from 'drizzle-orm/neon-http'
import type { Config } from '../config.ts'
import * as schema from './schema.ts'

export type Database = NeonHttpDatabase<typeof schema>

export function openDatabase({ url, fetchEndpoint, timeoutMs }: Config['postgres']): Database {
  if (fetchEndpoint !== null) neonConfig.fetchEndpoint = fetchEndpoint
  neonConfig.fetchFunction = (input: RequestInfo, init?: RequestInit) =>
    fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  return drizzle(neon(url), { schema })
}

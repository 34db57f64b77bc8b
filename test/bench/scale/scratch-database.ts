import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createBreaker } from '../../../src/breaker.ts'
import { parseConfig } from '../../../src/config.ts'
import { startNeonBridge } from '../../../src/local/neon-bridge.ts'
import { migrate } from '../../../src/node/migrate.ts'
import { type Database, openDatabase } from '../../../src/postgres/client.ts'
import { createScratchDatabase } from '../../support/stores.ts'

/** A migrated database of its own, behind the bridge. */
export interface ScratchDatabase {
  /** As the Worker has it. Opening another one's directs it there. */
  open(): Database
  /** Straight to Postgres. */
  readonly client: pg.Client
  /** Breaks off what is running. */
  drop(): Promise<void>
}

/** In the embedded Postgres; with STORES=services in the one at DATABASE_URL. */
export async function startScratchDatabase(): Promise<ScratchDatabase> {
  const isServer = process.env.STORES === 'services'
  const scratch = isServer
    ? await createScratchDatabase(`linkr_bench_${randomBytes(6).toString('hex')}`)
    : undefined
  const bridge = await startNeonBridge({ databaseUrl: scratch?.url })
  await migrate(bridge.databaseUrl)
  const client = new pg.Client({ connectionString: bridge.databaseUrl })
  // Dropping the database ends it.
  client.on('error', () => {})
  await client.connect()
  const config = parseConfig({
    UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
    UPSTASH_REDIS_REST_TOKEN: 'not-used',
    ADMIN_TOKEN: 'not-used-in-this-benchmark',
    DATABASE_URL: bridge.connectionString,
    NEON_FETCH_ENDPOINT: bridge.fetchEndpoint,
  })
  return {
    open: () => openDatabase(config.postgres, createBreaker({ now: Date.now, isOutage: () => false })),
    client,
    async drop() {
      // The server's goes first, with whatever it is busy with.
      await scratch?.drop()
      if (!isServer) await client.end()
      await bridge.close()
    },
  }
}

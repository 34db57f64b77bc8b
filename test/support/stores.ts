import { randomBytes } from 'node:crypto'
import { createClient } from '@redis/client'
import pg from 'pg'
import { startNeonBridge } from '../../src/local/neon-bridge.ts'
import { startUpstashBridge } from '../../src/local/upstash-bridge.ts'
import { migrate } from '../../src/node/migrate.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { Faults } from './faults.ts'

/** Both stores behind their bridges, empty, migrated, of this test file's own. */
export interface Stores {
  readonly redisFaults: Faults
  readonly postgresFaults: Faults
  /** The Worker's settings that lead to these stores. */
  readonly bindings: Readonly<Record<string, string>>
  readonly keyPrefix: string
  /** The Redis behind the bridge. */
  readonly redisUrl: string
  /** Straight to Redis, past the bridge and its faults. */
  redis(...command: string[]): Promise<unknown>
  /** Straight to Postgres, past the bridge and its faults. */
  sql<Row extends pg.QueryResultRow>(text: string, params?: unknown[]): Promise<Row[]>
  /** The key of a link's register in Redis. */
  registerOf(code: string): string
  /** What Redis holds of a link; `null` = nothing. */
  register(code: string): Promise<string | null>
  /** Hits of a link that have arrived in Postgres. */
  flushedHits(id: string): Promise<number>
  /** Hits of a link that wait in Redis. */
  waitingHits(id: string): Promise<number>
  /** As if Redis had been restarted without its data. */
  emptyRedis(): Promise<void>
  /** Ends every fault of both stores. */
  heal(): void
  close(): Promise<void>
}

/** Embedded stores by default; with STORES=services those at REDIS_URL and DATABASE_URL. */
export async function startStores(): Promise<Stores> {
  const useServices = process.env.STORES === 'services'
  const run = randomBytes(6).toString('hex')
  const token = `bridge-token-${run}`
  const keyPrefix = `linkr-test-${run}:`
  const redisFaults = new Faults()
  const postgresFaults = new Faults()

  const scratch = useServices ? await createScratchDatabase(`linkr_test_${run}`) : undefined
  const upstash = await startUpstashBridge({
    redisUrl: useServices ? (process.env.REDIS_URL ?? 'redis://127.0.0.1:6379') : undefined,
    token,
    intercept: redisFaults.intercept,
  })
  const neon = await startNeonBridge({
    databaseUrl: scratch?.url,
    template: process.env.LINKR_TEST_TEMPLATE,
    intercept: postgresFaults.intercept,
  })
  await migrate(neon.databaseUrl)

  const redis = connectRedis(upstash.redisUrl)
  await redis.connect()
  const pool = new pg.Pool({ connectionString: neon.databaseUrl, max: 1 })
  pool.on('error', () => {})

  const registerOf = (code: string): string => createKeys(keyPrefix).register({ domain: '*', code })
  const sql: Stores['sql'] = async (text, params) => (await pool.query(text, params)).rows
  const heal = (): void => {
    redisFaults.heal()
    postgresFaults.heal()
  }

  return {
    redisFaults,
    postgresFaults,
    keyPrefix,
    redisUrl: upstash.redisUrl,
    registerOf,
    register: (code) => redis.get(registerOf(code)),
    async flushedHits(id) {
      const [row] = await sql<{ hits: string }>('SELECT hits FROM link_hits WHERE link_id = $1', [id])
      return Number(row?.hits ?? 0)
    },
    waitingHits: async (id) => Number((await redis.hGet(createKeys(keyPrefix).hits, id)) ?? 0),
    emptyRedis: () => deleteKeys(redis, keyPrefix),
    heal,
    bindings: {
      UPSTASH_REDIS_REST_URL: upstash.url,
      UPSTASH_REDIS_REST_TOKEN: token,
      REDIS_KEY_PREFIX: keyPrefix,
      DATABASE_URL: neon.connectionString,
      NEON_FETCH_ENDPOINT: neon.fetchEndpoint,
    },
    redis: (...command) => redis.sendCommand(command),
    sql,
    async close() {
      heal()
      if (useServices) await deleteKeys(redis, keyPrefix)
      redis.destroy()
      await pool.end()
      await Promise.all([upstash.close(), neon.close()])
      await scratch?.drop()
    },
  }
}

/** In the Postgres at DATABASE_URL. */
export async function createScratchDatabase(
  name: string,
): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const server = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
  const administer = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await administer(`CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) }
}

type Redis = ReturnType<typeof connectRedis>

function connectRedis(url: string) {
  const redis = createClient({ url })
  redis.on('error', () => {})
  return redis
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
}

/**
 * @module
 * One isolate: the Worker's own composition root over stores that the scheduler puts in order.
 */
import { parseConfig } from '../../src/config.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { retrying } from '../../src/postgres/postgres-error.ts'
import type { RedisTransport } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { COMMIT_HITS, COMMIT_SETTINGS } from '../../src/redis/scripts/commit-hits.ts'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import type { Runtime } from '../../src/runtime.ts'
import { createServices, type Services } from '../../src/services.ts'
import type { Stores } from '../../src/stores.ts'
import { createFakeVisits } from '../support/fake-visits.ts'
import type { InMemoryPostgres } from './in-memory-postgres.ts'
import type { Life } from './network.ts'
import { SCRIPT_NAMES } from './script-names.ts'
import type { World } from './world.ts'

const CONFIG = parseConfig({
  UPSTASH_REDIS_REST_URL: 'https://redis.test',
  UPSTASH_REDIS_REST_TOKEN: 'not-used-in-this-test',
  DATABASE_URL: 'postgres://user:password@postgres.test/linkr',
})
export const KEYS = createKeys(CONFIG.redis.keyPrefix)

export interface Isolate
  extends Pick<Services, 'links' | 'publisher' | 'counters' | 'hits' | 'flush' | 'breakers'> {
  readonly life: Life
  /** How often each store has failed this isolate when a visitor waited: Redis in anything, Postgres to find a link. */
  readonly failures: { readonly redis: number; readonly postgres: number }
  /** One statement, sent to Postgres. */
  sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T>
}

export interface IsolateOptions {
  /** Hears of versions of links, by their keys in Redis, that Redis has taken, once this isolate has heard so too. */
  readonly onPublished?: (register: string, version: number) => void
  /** Hears of hits of this isolate that a store has, once this isolate has heard so too. */
  readonly onCommitted?: (hits: Hits) => void
  /** Hears what Redis has added to its counters, at that moment. */
  readonly onAdded?: (hits: Hits) => void
  readonly sealAtLinks?: number
  /** Describes visits without asking any store, so that what befalls the requests befalls those of hits. */
  readonly describesAlone?: boolean
}

/** Link id, hits. */
export type Hits = Iterable<readonly [string, number]>

export function startIsolate(world: World, options: IsolateOptions = {}): Isolate {
  const { clock, network, redis, postgres } = world
  const { onPublished, onCommitted, onAdded, sealAtLinks, describesAlone } = options
  const life: Life = { isAlive: true, clockError: 0 }
  const failures = { redis: 0, postgres: 0 }
  const runtime: Runtime = {
    now: () => clock.now() + life.clockError,
    random: world.random,
    sleep: (ms) => new Promise((resolve) => clock.after(ms, () => life.isAlive && resolve())),
    background: (_event, work) => void work.catch(() => {}),
  }

  const transport = (timeoutMs: number): RedisTransport => {
    const send = async (label: string, execute: () => Promise<unknown>): Promise<unknown> => {
      try {
        return await network.send(life, { store: 'redis', timeoutMs }, label, execute)
      } catch (error) {
        if (timeoutMs === CONFIG.redis.timeoutMs) failures.redis++
        throw error
      }
    }
    return {
      async eval(script, keys, args) {
        const reply = await send(describeCall(script, keys, args), async () => {
          const executed = await redis.command('EVAL', script, keys.length, ...keys, ...args)
          const isAdded = script === COMMIT_HITS && Array.isArray(executed) && executed[0] === 1
          if (isAdded) onAdded?.(hitsOf(args))
          return executed
        })
        if (script === COMMIT_HITS) onCommitted?.(hitsOf(args))
        if (script === PUBLISH) hearPublished(keys, args, reply)
        return reply
      },
      exec: ([name, ...args]) =>
        send(name, async () =>
          name === 'GET'
            ? redis.getFromReplica(String(args[0]), world.replicaLag())
            : redis.command(name, ...args),
        ),
    }
  }
  function hearPublished(keys: string[], args: (string | number)[], reply: unknown): void {
    const [, ...newer]: unknown[] = Array.isArray(reply) ? reply : []
    for (const [i, refused] of newer.entries()) {
      if (refused === 0) onPublished?.(keys[2 * i + 1] ?? '', Number(args[4 * i + 1]))
    }
  }
  async function sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T> {
    const route = { store: 'postgres', timeoutMs: CONFIG.postgres.timeoutMs }
    try {
      return await network.send(life, route, label, () => statement(postgres))
    } catch (error) {
      if (label === 'find') failures.postgres++
      throw new SourceUnavailable('postgres', error)
    }
  }

  const stores: Partial<Stores> = {
    redis: transport,
    links: async () => ({
      find: (key) => retrying(CONFIG.postgres.retries, () => sql('find', (db) => db.find(key))),
      mostHit: async () => [],
    }),
    settings: async () => ({ find: async () => null }),
    outbox: async () => ({
      current: (keys) => sql('outbox.current', (db) => db.outbox.current(keys)),
      pending: (limit) => sql('outbox.pending', (db) => db.outbox.pending(limit)),
      settle: (edits, logId) => sql('outbox.settle', (db) => db.outbox.settle(edits, logId)),
      reopen: (logged) => sql('outbox.reopen', (db) => db.outbox.reopen(logged)),
      bumpAbove: (key, claimed) => sql('outbox.bumpAbove', (db) => db.outbox.bumpAbove(key, claimed)),
      depth: () => sql('outbox.depth', (db) => db.outbox.depth()),
    }),
    totals: async () => ({
      async apply(segments) {
        const applied = await sql('hits.apply', (db) => db.totals.apply(segments))
        // Unlike a segment from Redis, a batch that comes straight from an isolate names no batches.
        for (const { hits, newestBatches } of segments) if (newestBatches.length === 0) onCommitted?.(hits)
        return applied
      },
      prune: () => sql('hits.prune', (db) => db.totals.prune()),
    }),
    retention: async () => ({
      prune: async () => ({ visits: 0, visitors: 0, days: 0, misses: 0, complete: true }),
    }),
  }
  const config = {
    ...CONFIG,
    hits: { ...CONFIG.hits, ...(sealAtLinks === undefined ? {} : { sealAtLinks }) },
  }
  const given = { ...stores, ...(describesAlone ? { visits: createFakeVisits(runtime.now) } : {}) }
  return { ...createServices(config, runtime, given), life, failures, sql }
}

/** The hits in the arguments of a commit. */
function* hitsOf(args: readonly (string | number)[]): Hits {
  for (let i = COMMIT_SETTINGS; i < args.length; i += 2) yield [String(args[i]), Number(args[i + 1])]
}

function describeCall(script: string, keys: readonly string[], args: readonly (string | number)[]): string {
  return `${SCRIPT_NAMES.get(script)} ${keys.at(-1)} ${args.slice(0, 6).join(' ').slice(0, 60)}`
}

/**
 * @module
 * One isolate's real parts, put together as services.ts does it, over stores that the scheduler puts in order.
 */
import { createBreaker } from '../../src/breaker.ts'
import { type MemoryTier, memoryTier } from '../../src/cache/memory-tier.ts'
import { redisTier } from '../../src/cache/redis-tier.ts'
import { createRegisterStore, type Edit, type RegisterStore } from '../../src/cache/register-store.ts'
import type { Config } from '../../src/config.ts'
import { retrying } from '../../src/db/postgres-error.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { createHitCounters, type HitCounters } from '../../src/hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from '../../src/hits/hit-recorder.ts'
import type { HitTotals } from '../../src/hits/postgres-hits.ts'
import type { Outbox } from '../../src/outbox/outbox.ts'
import { createPublisher, type Publisher } from '../../src/outbox/publisher.ts'
import {
  createRedisClient,
  isRedisOutage,
  REDIS_BACKGROUND_TIMEOUT_MS,
  type RedisClient,
  type RedisTransport,
} from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import * as hitScripts from '../../src/redis/scripts/hits.ts'
import * as registerScripts from '../../src/redis/scripts/registers.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { InMemoryPostgres } from './in-memory-postgres.ts'
import type { Life } from './network.ts'
import type { World } from './world.ts'

/** For the log of a failed schedule. */
const SCRIPT_NAMES = new Map(
  Object.entries({ ...hitScripts, ...registerScripts }).map(([name, script]) => [script, name]),
)
export const KEYS = createKeys('')
const REDIS: Config['redis'] = { url: '', token: '', keyPrefix: '', timeoutMs: 300, retries: 1 }
const POSTGRES_TIMEOUT_MS = 5_000
const COMMIT_WINDOW_MS = 1_000

export interface Isolate {
  readonly life: Life
  readonly links: MemoryTier
  readonly publisher: Publisher
  readonly counters: HitCounters
  readonly recorder: HitRecorder
  readonly totals: HitTotals
  /** How often Postgres has failed to find a link. */
  readonly failedFinds: () => number
  /** One statement, sent to Postgres. */
  sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T>
}

export interface IsolateOptions {
  /** Hears of edits that Redis has taken, once this isolate has heard so too. */
  readonly onPublished?: (edits: readonly Edit[]) => void
  /** Hears of batches that a store has, once this isolate has heard so too. */
  readonly onCommitted?: (hits: ReadonlyMap<string, number>) => void
  /** Hears what Redis has added to its counters, at that moment: link ids and hits, in turn. */
  readonly onAdded?: (pairs: readonly (string | number)[]) => void
  readonly sealAtLinks?: number
}

export function startIsolate(world: World, options: IsolateOptions = {}): Isolate {
  const { clock, network, redis, postgres } = world
  const { onPublished, onCommitted, onAdded, sealAtLinks = 20_000 } = options
  const life: Life = { isAlive: true }
  let failedFinds = 0
  const runtime: Runtime = {
    now: clock.now,
    random: world.random,
    sleep: (ms) => new Promise((resolve) => clock.after(ms, () => life.isAlive && resolve())),
    background: (_event, work) => void work.catch(() => {}),
  }

  const transport = (timeoutMs: number): RedisTransport => ({
    eval: (script, keys, args) =>
      network.send(life, { store: 'redis', timeoutMs }, describeCall(script, keys, args), async () => {
        const reply = await redis.command('EVAL', script, keys.length, ...keys, ...args)
        if (script === hitScripts.COMMIT_HITS && Array.isArray(reply) && reply[0] === 1) {
          onAdded?.(args.slice(hitScripts.COMMIT_HITS_SETTINGS))
        }
        return reply
      }),
    exec: ([name, ...args]) =>
      network.send(life, { store: 'redis', timeoutMs }, name, () => redis.command(name, ...args)),
  })
  async function sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T> {
    try {
      return await network.send(life, { store: 'postgres', timeoutMs: POSTGRES_TIMEOUT_MS }, label, () =>
        statement(postgres),
      )
    } catch (error) {
      if (label === 'find') failedFinds++
      throw new SourceUnavailable('postgres', error)
    }
  }

  const clientFor = (timeoutMs: number): RedisClient => {
    const breaker = createBreaker({
      now: clock.now,
      isOutage: isRedisOutage,
      onClose: () => publisher.suspect(),
    })
    return createRedisClient(REDIS, breaker, transport(timeoutMs))
  }
  const client = clientFor(REDIS.timeoutMs)
  const registers = createRegisterStore({
    redis: client,
    keys: KEYS,
    now: clock.now,
    random: world.random,
    leaseMs: POSTGRES_TIMEOUT_MS + 1_000,
  })
  const heardRegisters: Pick<RegisterStore, 'publish' | 'takeLeases'> = {
    takeLeases: registers.takeLeases,
    async publish(edits) {
      const refused = await registers.publish(edits)
      onPublished?.(edits.filter(({ key }) => !refused.some((edit) => edit.key === key)))
      return refused
    },
  }
  const outbox: Omit<Outbox, 'depth'> = {
    pending: (limit) => sql('outbox.pending', (db) => db.outbox.pending(limit)),
    settle: (edits) => sql('outbox.settle', (db) => db.outbox.settle(edits)),
    overrule: (key, claimed) => sql('outbox.overrule', (db) => db.outbox.overrule(key, claimed)),
  }
  const publisher = createPublisher({
    registers: heardRegisters,
    outbox: async () => outbox as Outbox,
    runtime,
    forget: (key, version) => links.forget(key, version),
  })
  const links = memoryTier({
    runtime,
    origin: redisTier({
      origin: { find: (key) => retrying(1, () => sql('find', (db) => db.find(key))) },
      registers,
      runtime,
      isSuspect() {
        publisher.catchUp()
        return publisher.isBehind()
      },
    }),
  })

  const totals: HitTotals = {
    apply: (segments) => sql('hits.apply', (db) => db.totals.apply(segments)),
    prune: () => sql('hits.prune', (db) => db.totals.prune()),
  }
  const counters = createHitCounters({
    redis: client,
    backgroundRedis: clientFor(REDIS_BACKGROUND_TIMEOUT_MS),
    keys: KEYS,
    now: clock.now,
    changeLog: links.changeLog,
    sealAtLinks,
  })
  const recorder = createHitRecorder({
    counters: {
      async commit(batch, isRepeated) {
        await counters.commit(batch, isRepeated)
        onCommitted?.(batch.hits)
      },
    },
    totals: async () => ({
      async apply(segments) {
        const applied = await totals.apply(segments)
        for (const { hits } of segments) onCommitted?.(hits)
        return applied
      },
    }),
    commitWindowMs: COMMIT_WINDOW_MS,
    runtime,
  })
  return { life, links, publisher, counters, recorder, totals, failedFinds: () => failedFinds, sql }
}

function describeCall(script: string, keys: readonly string[], args: readonly (string | number)[]): string {
  return `${SCRIPT_NAMES.get(script)} ${keys.at(-1)} ${args.slice(0, 6).join(' ').slice(0, 60)}`
}

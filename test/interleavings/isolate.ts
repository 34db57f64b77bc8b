/**
 * @module
 * One isolate's real parts over stores that the scheduler puts in order.
 */
import type { Config } from '../../src/config.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { createHitCounters, type HitCounters } from '../../src/hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from '../../src/hits/hit-recorder.ts'
import type { HitTotals } from '../../src/hits/hit-totals.ts'
import { createLiveLinks, type LiveLinks } from '../../src/live-links.ts'
import { retrying } from '../../src/postgres/postgres-error.ts'
import type { RedisReply, RedisTransport } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import * as changeScripts from '../../src/redis/scripts/changes.ts'
import * as hitScripts from '../../src/redis/scripts/hits.ts'
import * as registerScripts from '../../src/redis/scripts/registers.ts'
import type { Outbox } from '../../src/registers/outbox.ts'
import type { Publisher } from '../../src/registers/publisher.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { InMemoryPostgres } from './in-memory-postgres.ts'
import type { Life } from './network.ts'
import type { World } from './world.ts'

/** For the log of a failed schedule. */
const SCRIPT_NAMES = new Map(
  Object.entries({ ...changeScripts, ...hitScripts, ...registerScripts }).map(([name, script]) => [
    script,
    name,
  ]),
)
export const KEYS = createKeys('')
const REDIS: Config['redis'] = { url: '', token: '', keyPrefix: '', timeoutMs: 300, retries: 1 }
const POSTGRES: Config['postgres'] = { url: '', fetchEndpoint: null, timeoutMs: 5_000, retries: 1 }
const COMMIT_WINDOW_MS = 1_000

export interface Isolate {
  readonly life: Life
  readonly links: LiveLinks['links']
  readonly publisher: Publisher
  readonly counters: HitCounters
  readonly recorder: HitRecorder
  readonly totals: HitTotals
  /** How often each store has failed this isolate when somebody waited: Redis in anything, Postgres to find a link. */
  readonly failures: { readonly redis: number; readonly postgres: number }
  /** Whether it asks Redis, and does not leave it alone for a while. */
  readonly asksRedis: () => boolean
  /** One statement, sent to Postgres. */
  sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T>
}

export interface IsolateOptions {
  /** Hears of versions of links, by their keys in Redis, that Redis has taken, once this isolate has heard so too. */
  readonly onPublished?: (register: string, version: number) => void
  /** Hears of batches that a store has, once this isolate has heard so too. */
  readonly onCommitted?: (hits: ReadonlyMap<string, number>) => void
  /** Hears what Redis has added to its counters, at that moment: link ids and hits, in turn. */
  readonly onAdded?: (pairs: readonly (string | number)[]) => void
  readonly sealAtLinks?: number
}

export function startIsolate(world: World, options: IsolateOptions = {}): Isolate {
  const { clock, network, redis, postgres } = world
  const { onPublished, onCommitted, onAdded, sealAtLinks = 20_000 } = options
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
        if (timeoutMs === REDIS.timeoutMs) failures.redis++
        throw error
      }
    }
    return {
      async eval(script, keys, args) {
        const reply = await send(describeCall(script, keys, args), async () => {
          const executed = await redis.command('EVAL', script, keys.length, ...keys, ...args)
          if (script === hitScripts.COMMIT_HITS && Array.isArray(executed) && executed[0] === 1) {
            onAdded?.(args.slice(hitScripts.COMMIT_HITS_SETTINGS))
          }
          return executed
        })
        if (script === registerScripts.PUBLISH) hearPublished(keys, args, reply as RedisReply)
        return reply
      },
      exec: ([name, ...args]) => send(name, () => redis.command(name, ...args)),
    }
  }
  function hearPublished(keys: string[], args: (string | number)[], reply: RedisReply): void {
    const [, ...newer] = Array.isArray(reply) ? reply : []
    for (const [i, refused] of newer.entries()) {
      if (refused === 0) onPublished?.(keys[2 * i + 1] ?? '', Number(args[4 * i + 2]))
    }
  }
  async function sql<T>(label: string, statement: (postgres: InMemoryPostgres) => T): Promise<T> {
    try {
      return await network.send(life, { store: 'postgres', timeoutMs: POSTGRES.timeoutMs }, label, () =>
        statement(postgres),
      )
    } catch (error) {
      if (label === 'find') failures.postgres++
      throw new SourceUnavailable('postgres', error)
    }
  }

  const outbox: Omit<Outbox, 'depth' | 'current'> = {
    pending: (limit) => sql('outbox.pending', (db) => db.outbox.pending(limit)),
    settle: (edits, logId) => sql('outbox.settle', (db) => db.outbox.settle(edits, logId)),
    reopen: (logged) => sql('outbox.reopen', (db) => db.outbox.reopen(logged)),
    bumpAbove: (key, claimed) => sql('outbox.bumpAbove', (db) => db.outbox.bumpAbove(key, claimed)),
  }
  const live = createLiveLinks({
    config: { redis: REDIS, postgres: POSTGRES },
    runtime,
    transport,
    origins: {
      links: { find: (key) => retrying(POSTGRES.retries, () => sql('find', (db) => db.find(key))) },
      settings: { find: async () => null },
    },
    outbox: async () => outbox as Outbox,
  })
  const { links, changeLog, publisher } = live

  const totals: HitTotals = {
    apply: (segments) => sql('hits.apply', (db) => db.totals.apply(segments)),
    prune: () => sql('hits.prune', (db) => db.totals.prune()),
  }
  const counters = createHitCounters({
    redis: live.redis,
    backgroundRedis: live.backgroundRedis,
    keys: KEYS,
    now: runtime.now,
    changeLog,
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
  return {
    life,
    links,
    publisher,
    counters,
    recorder,
    totals,
    failures,
    asksRedis: () => live.redisBreaker.state() === 'closed',
    sql,
  }
}

function describeCall(script: string, keys: readonly string[], args: readonly (string | number)[]): string {
  return `${SCRIPT_NAMES.get(script)} ${keys.at(-1)} ${args.slice(0, 6).join(' ').slice(0, 60)}`
}

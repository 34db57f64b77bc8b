/**
 * @module
 * Links as they are now: the tiers they are found in, the publisher of edits, and what these tell each other when a store
 * was away or has gone back.
 */
import { type Breaker, createBreaker } from './breaker.ts'
import { type MemoryTier, memoryTier } from './cache/memory-tier.ts'
import { redisTier } from './cache/redis-tier.ts'
import type { Config } from './config.ts'
import { SourceUnavailable } from './errors.ts'
import { log } from './log.ts'
import {
  createRedisClient,
  isRedisOutage,
  REDIS_BACKGROUND_TIMEOUT_MS,
  type RedisClient,
} from './redis/client.ts'
import { createKeys, type Keys } from './redis/keys.ts'
import { refusalOf } from './redis/refusals.ts'
import { createPublisher, type Publisher } from './registers/publisher.ts'
import { createRegisterStore, type RegisterStore } from './registers/register-store.ts'
import type { Runtime } from './runtime.ts'
import type { Stores } from './stores.ts'

export interface LiveLinksOptions {
  readonly config: Pick<Config, 'redis' | 'postgres'>
  readonly runtime: Runtime
  readonly stores: Pick<Stores, 'redis' | 'links' | 'outbox'>
}

export interface LiveLinks {
  readonly links: MemoryTier
  readonly publisher: Publisher
  readonly registers: RegisterStore
  /** For requests that a visitor or an owner waits for. */
  readonly redis: RedisClient
  readonly backgroundRedis: RedisClient
  readonly breakers: { readonly redis: Breaker; readonly backgroundRedis: Breaker }
  readonly keys: Keys
}

/** A lease outlives the load it stands for. */
const LEASE_MARGIN_MS = 1_000

export function createLiveLinks(options: LiveLinksOptions): LiveLinks {
  const { config, runtime, stores } = options
  const { now, random } = runtime
  const keys = createKeys(config.redis.keyPrefix)
  const newBreaker = (): Breaker =>
    createBreaker({
      now,
      isOutage: isRedisOutage,
      onOpen: () => log.error('redis.breaker_opened'),
      // Edits made while Redis was away may be missing there.
      onClose: () => publisher.suspect(),
    })
  const newClient = (timeoutMs: number, breaker: Breaker): RedisClient =>
    createRedisClient({ ...config.redis, timeoutMs }, breaker, stores.redis(timeoutMs))
  const newRegisters = (client: RedisClient): RegisterStore =>
    createRegisterStore({
      redis: client,
      keys,
      now,
      random,
      leaseMs: config.postgres.timeoutMs + LEASE_MARGIN_MS,
    })

  const breakers = { redis: newBreaker(), backgroundRedis: newBreaker() }
  const redis = newClient(config.redis.timeoutMs, breakers.redis)
  const backgroundRedis = suspecting(newClient(REDIS_BACKGROUND_TIMEOUT_MS, breakers.backgroundRedis), () =>
    publisher.suspect(),
  )
  const registers = newRegisters(redis)
  const publisher = createPublisher({
    registers,
    backgroundRegisters: newRegisters(backgroundRedis),
    outbox: stores.outbox,
    runtime,
    forget: (key, version) => links.forget(key, version),
    onPublished: (logId) => links.changeLog.published(logId),
  })
  const links = memoryTier({
    runtime,
    readChanges: registers.changes,
    onWentBack() {
      log.error('redis.went_back')
      publisher.suspect()
    },
    origin: redisTier({
      origin: { find: async (key) => (await stores.links()).find(key) },
      registers,
      runtime,
      isSuspect() {
        publisher.catchUp()
        return publisher.isBehind()
      },
      overrule: publisher.overrule,
    }),
  })
  return { links, publisher, registers, redis, backgroundRedis, breakers, keys }
}

/** A Redis that takes no hits takes no edits either, though it goes on telling what it has: when it is full, or a replica. */
function suspecting(client: RedisClient, suspect: () => void): RedisClient {
  const onFailure = (error: unknown): never => {
    if (error instanceof SourceUnavailable && refusalOf(error.cause) === 'out of order') suspect()
    throw error
  }
  return {
    eval: (script, keys, args) => client.eval(script, keys, args).catch(onFailure),
    command: (name, ...args) => client.command(name, ...args).catch(onFailure),
  }
}

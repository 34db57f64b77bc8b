/**
 * @module
 * Links and settings as they are now: the tiers they are found in, the publisher of edits, and what these tell each other when a
 * store was away or has gone back.
 */
import { type Breaker, createBreaker } from './breaker.ts'
import { type MemoryTier, memoryTier } from './cache/memory-tier.ts'
import { redisTier } from './cache/redis-tier.ts'
import type { Config } from './config.ts'
import { SourceUnavailable } from './errors.ts'
import type { Source } from './links/link-source.ts'
import { type RegisterKey, registerName } from './links/register-key.ts'
import { log } from './log.ts'
import {
  createRedisClient,
  isRedisOutage,
  REDIS_BACKGROUND_TIMEOUT_MS,
  type RedisClient,
} from './redis/client.ts'
import { createKeys } from './redis/keys.ts'
import { refusalOf } from './redis/refusals.ts'
import { createChangeLogReader } from './registers/change-log.ts'
import type { Codec } from './registers/codec.ts'
import { linkCodec } from './registers/link-codec.ts'
import type { Change } from './registers/log-entries.ts'
import { createPublisher } from './registers/publisher.ts'
import { createRegisterStore, type RegisterStore } from './registers/register-store.ts'
import { settingsCodec } from './registers/settings-codec.ts'
import type { Runtime } from './runtime.ts'
import type { Stores } from './stores.ts'
import type { Budget } from './subrequests.ts'

/** Visitors name any host they like. */
const SETTINGS_BOUNDS = { maxEntries: 1_000, maxBytes: 1024 * 1024 }
/** A lease outlives the load it stands for. */
const LEASE_MARGIN_MS = 1_000

export function createLiveLinks(
  config: Pick<Config, 'redis' | 'postgres'>,
  runtime: Runtime,
  stores: Pick<Stores, 'redis' | 'links' | 'settings' | 'outbox'>,
  budget: Budget,
) {
  const { now, random } = runtime
  const keys = createKeys(config.redis.keyPrefix)
  const newBreaker = (): Breaker =>
    createBreaker({
      now,
      isOutage: isRedisOutage,
      onOpen: () => log.error('redis.breaker_opened'),
      // Edits made while Redis was away may be missing there.
      onClose: () => publisher.markBehind(),
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
  /** For requests that a visitor or an owner waits for. */
  const redis = newClient(config.redis.timeoutMs, breakers.redis)
  const backgroundRedis = onOutOfOrder(newClient(REDIS_BACKGROUND_TIMEOUT_MS, breakers.backgroundRedis), () =>
    publisher.markBehind(),
  )
  const registers = newRegisters(redis)
  const publisher = createPublisher({
    registers,
    backgroundRegisters: newRegisters(backgroundRedis),
    outbox: stores.outbox,
    runtime,
    budget,
    forget: (key, version) => markChanged({ name: registerName(key), version }),
    onPublished: (logId) => changeLog.published(logId),
  })

  function tiers<Key extends RegisterKey, Value extends { readonly version: number }>(
    origin: () => Promise<Source<Key, Value>>,
    codec: Codec<Value>,
    bounds?: typeof SETTINGS_BOUNDS,
  ): MemoryTier<Key, Value> {
    const cached = redisTier<Key, Value>({
      origin: { find: async (key) => (await origin()).find(key) },
      registers: registers.of(codec),
      runtime,
      mayBeStale() {
        publisher.catchUp()
        return publisher.isBehind()
      },
      bumpAbove: publisher.bumpAbove,
    })
    return memoryTier({
      ...bounds,
      origin: cached,
      runtime,
      syncedAt: () => changeLog.syncedAt(),
      followChanges: () => changeLog.follow(registers.changes, now()),
    })
  }
  const links = tiers(stores.links, linkCodec)
  const settings = tiers(stores.settings, settingsCodec, SETTINGS_BOUNDS)

  const markChanged = ({ name, version }: Change): void =>
    (name.includes('/') ? links : settings).markChanged(name, version)
  const changeLog = createChangeLogReader({
    onChange: markChanged,
    onNewLinks: links.markNewLinks,
    onGap() {
      links.markGap()
      settings.markGap()
    },
    onWentBack() {
      log.error('redis.went_back')
      publisher.markBehind()
    },
  })
  return { links, settings, changeLog, publisher, registers, redis, backgroundRedis, breakers, keys }
}

/** A Redis that takes no hits takes no edits either, though it goes on telling what it has: when it is full, or a replica. */
function onOutOfOrder(client: RedisClient, markBehind: () => void): RedisClient {
  const onFailure = (error: unknown): never => {
    if (error instanceof SourceUnavailable && refusalOf(error.cause) === 'out of order') markBehind()
    throw error
  }
  return {
    eval: (script, keys, args, retries) => client.eval(script, keys, args, retries).catch(onFailure),
    command: (name, ...args) => client.command(name, ...args).catch(onFailure),
  }
}

/**
 * @module
 * Links and settings as they are now: the tiers they are found in, the publisher of edits, and what these tell each other when a store
 * was away or has gone back. Over whatever Redis and Postgres it is given, so that tests run this very wiring.
 */
import { type Breaker, createBreaker } from './breaker.ts'
import { type MemoryTier, memoryTier } from './cache/memory-tier.ts'
import { redisTier } from './cache/redis-tier.ts'
import type { Config } from './config.ts'
import { SourceUnavailable } from './errors.ts'
import type { DomainKey, SettingsSource, VersionedSettings } from './links/domain-settings.ts'
import type { Link, LinkKey } from './links/link.ts'
import type { LinkSource, Source } from './links/link-source.ts'
import { type RegisterKey, registerName } from './links/register-key.ts'
import { log } from './log.ts'
import {
  createRedisClient,
  isRedisOutage,
  REDIS_BACKGROUND_TIMEOUT_MS,
  type RedisClient,
  type RedisTransport,
} from './redis/client.ts'
import { createKeys, type Keys } from './redis/keys.ts'
import { refusalOf } from './redis/refusals.ts'
import { type Change, type ChangeLogReader, createChangeLogReader } from './registers/change-log.ts'
import type { Codec } from './registers/codec.ts'
import { followChanges } from './registers/follow-changes.ts'
import { linkCodec } from './registers/link-codec.ts'
import type { Outbox } from './registers/outbox.ts'
import { createPublisher, type Publisher } from './registers/publisher.ts'
import { createRegisterStore, type RegisterStore } from './registers/register-store.ts'
import { settingsCodec } from './registers/settings-codec.ts'
import type { Runtime } from './runtime.ts'

export interface LiveLinksOptions {
  readonly config: Pick<Config, 'redis' | 'postgres'>
  readonly runtime: Runtime
  /** Makes the way to Redis for a time-out; left out = Upstash's REST client. */
  readonly transport?: (timeoutMs: number) => RedisTransport
  /** Postgres: the truth. */
  readonly origins: { readonly links: LinkSource; readonly settings: SettingsSource }
  readonly outbox: () => Promise<Outbox>
}

export interface LiveLinks {
  readonly links: MemoryTier<LinkKey, Link>
  readonly settings: MemoryTier<DomainKey, VersionedSettings>
  /** The isolate's position in the change log, which the hit commits move forward. */
  readonly changeLog: ChangeLogReader
  readonly publisher: Publisher
  readonly registers: RegisterStore
  /** For what somebody waits for. */
  readonly redis: RedisClient
  readonly backgroundRedis: RedisClient
  /** Of `redis`. */
  readonly redisBreaker: Breaker
  /** Of `backgroundRedis`. */
  readonly backgroundBreaker: Breaker
  readonly keys: Keys
}

/** Visitors name any host they like. */
const SETTINGS_BOUNDS = { maxEntries: 1_000, maxBytes: 1024 * 1024 }
/** A lease outlives the load it stands for. */
const LEASE_MARGIN_MS = 1_000

export function createLiveLinks(options: LiveLinksOptions): LiveLinks {
  const { config, runtime, transport, origins, outbox } = options
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
    createRedisClient({ ...config.redis, timeoutMs }, breaker, transport?.(timeoutMs))
  const newRegisters = (client: RedisClient): RegisterStore =>
    createRegisterStore({
      redis: client,
      keys,
      now,
      random,
      leaseMs: config.postgres.timeoutMs + LEASE_MARGIN_MS,
    })

  const redisBreaker = newBreaker()
  const redis = newClient(config.redis.timeoutMs, redisBreaker)
  const backgroundBreaker = newBreaker()
  const backgroundRedis = suspecting(newClient(REDIS_BACKGROUND_TIMEOUT_MS, backgroundBreaker), () =>
    publisher.markBehind(),
  )
  const registers = newRegisters(redis)
  const publisher = createPublisher({
    registers,
    backgroundRegisters: newRegisters(backgroundRedis),
    outbox,
    runtime,
    forget: (key, version) => markChanged({ name: registerName(key), version }),
    onPublished: (logId) => changeLog.published(logId),
  })

  function tiers<Key extends RegisterKey, Value extends { readonly version: number }>(
    origin: Source<Key, Value>,
    codec: Codec<Value>,
    bounds?: typeof SETTINGS_BOUNDS,
  ): MemoryTier<Key, Value> {
    const cached = redisTier<Key, Value>({
      origin,
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
      followChanges: () => followChanges({ changeLog, readChanges: registers.changes, now }),
    })
  }
  const links = tiers(origins.links, linkCodec)
  const settings = tiers(origins.settings, settingsCodec, SETTINGS_BOUNDS)

  const markChanged = ({ name, version }: Change): void =>
    (name.includes('/') ? links : settings).markChanged(name, version)
  const changeLog = createChangeLogReader({
    onChange: markChanged,
    onGap() {
      links.markGap()
      settings.markGap()
    },
    onWentBack() {
      log.error('redis.went_back')
      publisher.markBehind()
    },
  })
  const stores = { redis, backgroundRedis, redisBreaker, backgroundBreaker, keys }
  return { links, settings, changeLog, publisher, registers, ...stores }
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

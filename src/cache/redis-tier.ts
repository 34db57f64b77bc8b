import { SourceUnavailable } from '../errors.ts'
import type { Source } from '../links/link-source.ts'
import type { RegisterKey } from '../links/register-key.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { freshnessOf, withExpiry } from './freshness.ts'
import type { CachedRegister, Fill, Filled, Lease, ReadResult } from './register.ts'
import { type Found, MAX_REPLICA_LAG_MS, type Need, type Origin } from './replica-lag.ts'

/** The registers of one kind of value. Every method throws `SourceUnavailable` when Redis fails. */
export interface Registers<Value> {
  /** From the nearest replica, which may lag; `null` = no register is there. */
  get(key: RegisterKey): Promise<CachedRegister<Value> | null>
  /** From the primary. */
  read(key: RegisterKey): Promise<ReadResult<Value>>
  /** In the order of `keys`; `null` = another reader holds that lease. */
  takeLeases(keys: readonly RegisterKey[]): Promise<readonly (Lease | null)[]>
  /** Writes none without its lease, and none over a newer register. */
  fill(fills: readonly Fill<Value>[]): Promise<Filled>
}

export interface RedisTierOptions<Key, Value> {
  readonly origin: Source<Key, Value>
  readonly registers: Registers<Value>
  readonly runtime: Runtime
  /** Whether Redis has been out of reach or has gone back, and may lack edits: then Postgres is asked first. */
  readonly mayBeStale: () => boolean
  /** Corrects a register that claims to be newer than what the origin has. */
  readonly bumpAbove: (key: RegisterKey, claimed: number) => Promise<void>
}

/** How often and how many times to look again while another reader loads a register. */
const POLL_EVERY_MS = 30
const MAX_POLLS = 10

/**
 * Cache-aside over Redis. A hit costs one plain GET. A miss costs one more round trip to Redis, for the lease, and one to
 * the origin; the fill happens in the background. Redis failing is a miss; a failed load is never cached.
 */
export function redisTier<Key extends RegisterKey, Value extends { readonly version: number }>(
  options: RedisTierOptions<Key, Value>,
): Origin<Key, Value> {
  const { origin, registers, runtime, mayBeStale, bumpAbove } = options

  async function find(key: Key, need: Need): Promise<Found<Value>> {
    const near = need.mayLag ? await orMiss(registers.get(key)) : null
    if (near === undefined) return { value: await origin.find(key, need.atLeast), lagMs: 0 }
    const isGood = near !== null && near.version >= need.atLeast && serves(key, near)
    if (isGood) return { value: near.value, lagMs: MAX_REPLICA_LAG_MS }
    return { value: await findOnPrimary(key, need.atLeast), lagMs: 0 }
  }

  async function findOnPrimary(key: Key, atLeast: number): Promise<Value | null> {
    const read = await readOrMiss(key)
    if (read === undefined) return origin.find(key, atLeast)
    if (read.kind === 'leased') return loadAndFill(key, read.lease)
    if (read.kind === 'loading') return pollThenLoad(key, atLeast)
    return fromRegister(key, read.register, atLeast)
  }

  async function fromRegister(
    key: Key,
    register: CachedRegister<Value>,
    atLeast: number,
  ): Promise<Value | null> {
    // A Redis that has gone back and does not know the edit.
    if (register.version < atLeast) return origin.find(key, atLeast)
    return serves(key, register) ? register.value : refreshOrServeStale(key, register.value)
  }

  /** Whether a register may be served, perhaps while it is refreshed in the background. */
  function serves(key: Key, register: CachedRegister<Value>): boolean {
    const freshness = freshnessOf(register, runtime.now(), runtime.random)
    if (freshness === 'refresh-ahead') runtime.background('cache.refresh_failed', refresh(key, register))
    return freshness !== 'stale'
  }

  async function readOrMiss(key: Key): Promise<ReadResult<Value> | undefined> {
    const read = await orMiss(registers.read(key))
    if (read?.kind === 'leased' && read.lease.corrupt !== '') log.warn('cache.register_corrupt', { ...key })
    return read
  }

  /** Fails open: a cache that cannot be asked has nothing, which is `undefined`. */
  async function orMiss<T>(reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      if (error.wasSent) log.warn('cache.read_failed', { error: describeError(error) })
      return undefined
    }
  }

  async function loadAndFill(key: Key, lease: Lease): Promise<Value | null> {
    const startedAt = runtime.now()
    const value = await origin.find(key)
    const now = runtime.now()
    const register = withExpiry({ version: value?.version ?? 0, value }, now - startedAt, now, runtime.random)
    runtime.background('cache.fill_failed', fill(key, register, lease))
    return value
  }

  async function fill(key: Key, register: CachedRegister<Value>, lease: Lease): Promise<void> {
    const { newerVersions } = await registers.fill([{ key, register, lease }])
    for (const claimed of newerVersions) await bumpAbove(key, claimed)
  }

  /** Without the lease: its holder fills the register soon, or is dead and must not hold up other readers. */
  async function pollThenLoad(key: Key, atLeast: number): Promise<Value | null> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await runtime.sleep(POLL_EVERY_MS)
      const read = await readOrMiss(key)
      if (read === undefined) break
      if (read.kind === 'hit') return fromRegister(key, read.register, atLeast)
      if (read.kind === 'leased') return loadAndFill(key, read.lease)
    }
    return origin.find(key, atLeast)
  }

  /**
   * One reader of many refreshes: the one that gets the lease. A replica may not show yet that it did, so the primary is
   * asked first.
   */
  async function refresh(key: Key, seen: CachedRegister<Value>): Promise<void> {
    const read = await registers.read(key)
    if (read.kind === 'leased') await loadAndFill(key, read.lease)
    if (read.kind !== 'hit' || read.register.softExpiresAt > seen.softExpiresAt) return
    const [lease] = await registers.takeLeases([key])
    if (lease) await loadAndFill(key, lease)
  }

  async function refreshOrServeStale(key: Key, stale: Value | null): Promise<Value | null> {
    try {
      const [lease] = await registers.takeLeases([key])
      return lease ? await loadAndFill(key, lease) : await awaitRefresh(key, stale)
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      log.warn('cache.served_stale', { error: describeError(error) })
      return stale
    }
  }

  /** The holder of the lease takes a moment. If it takes longer, many readers should not wait for Postgres. */
  async function awaitRefresh(key: Key, stale: Value | null): Promise<Value | null> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await runtime.sleep(POLL_EVERY_MS)
      const read = await readOrMiss(key)
      if (read?.kind === 'leased') return loadAndFill(key, read.lease)
      if (read?.kind !== 'hit') continue
      const { register } = read
      if (freshnessOf(register, runtime.now(), runtime.random) !== 'stale') return register.value
    }
    return stale
  }

  return {
    async find(key, need) {
      if (!mayBeStale()) return find(key, need)
      try {
        return { value: await origin.find(key, need.atLeast), lagMs: 0 }
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return find(key, need)
      }
    },
  }
}

import { SourceUnavailable } from '../errors.ts'
import type { Source } from '../links/link-source.ts'
import type { RegisterKey } from '../links/register-key.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { freshnessOf, withExpiry } from './freshness.ts'
import type { CachedRegister, Fill, Filled, Lease, ReadResult } from './register.ts'

/** The registers of one kind of value. Every method throws `SourceUnavailable` when Redis fails. */
export interface Registers<Value> {
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
 * Cache-aside over Redis. A hit costs one Redis round trip, a miss one more to the origin; the fill happens in the
 * background. Redis failing is a miss; a failed load is never cached.
 */
export function redisTier<Key extends RegisterKey, Value extends { readonly version: number }>(
  options: RedisTierOptions<Key, Value>,
): Source<Key, Value> {
  const { origin, registers, runtime, mayBeStale, bumpAbove } = options

  async function find(key: Key, atLeast: number): Promise<Value | null> {
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
    // A replica that lags, or a Redis that has gone back and does not know the edit.
    if (register.version < atLeast) return origin.find(key, atLeast)
    const freshness = freshnessOf(register, runtime.now(), runtime.random)
    if (freshness === 'stale') return refreshOrServeStale(key, register.value)
    if (freshness === 'refresh-ahead') runtime.background('cache.refresh_failed', refresh(key))
    return register.value
  }

  /** Fails open: a cache that cannot be asked has nothing. */
  async function readOrMiss(key: Key): Promise<ReadResult<Value> | undefined> {
    try {
      const read = await registers.read(key)
      if (read.kind === 'leased' && read.lease.corrupt !== '') log.warn('cache.register_corrupt', { ...key })
      return read
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

  /** One reader of many refreshes: the one that gets the lease. */
  async function refresh(key: Key): Promise<void> {
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
    async find(key, atLeast = 0) {
      if (!mayBeStale()) return find(key, atLeast)
      try {
        return await origin.find(key, atLeast)
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return find(key, atLeast)
      }
    },
  }
}

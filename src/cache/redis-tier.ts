import { SourceUnavailable } from '../errors.ts'
import type { Link, LinkKey } from '../links/link.ts'
import type { LinkSource } from '../links/link-source.ts'
import { describeError, log } from '../log.ts'
import type { CachedRegister } from '../registers/register.ts'
import type { Lease, ReadAnswer, RegisterStore } from '../registers/register-store.ts'
import type { Runtime } from '../runtime.ts'
import { cachedFor, freshnessOf } from './freshness.ts'

export interface RedisTierOptions {
  readonly origin: LinkSource
  readonly registers: Pick<RegisterStore, 'read' | 'fill' | 'takeLeases'>
  readonly runtime: Runtime
  /** Whether Redis has been out of reach or has gone back, and may lack edits: then Postgres is asked first. */
  readonly isSuspect: () => boolean
  /** Corrects a register that says to be newer than what the origin has. */
  readonly overrule: (key: LinkKey, claimed: number) => Promise<void>
}

/** How often and how many times to look again while somebody else loads a link. */
const POLL_EVERY_MS = 30
const MAX_POLLS = 10

/**
 * Cache-aside over Redis. A hit costs one Redis round trip, a miss one more to the origin; the fill happens in the
 * background. Redis failing is a miss; a failed load is never cached.
 */
export function redisTier(options: RedisTierOptions): LinkSource {
  const { origin, registers, runtime, isSuspect, overrule } = options

  async function find(key: LinkKey, atLeast: number): Promise<Link | null> {
    const answer = await readOrMiss(key)
    if (answer === undefined) return origin.find(key, atLeast)
    if (answer.kind === 'leased') return loadAndFill(key, answer.lease)
    if (answer.kind === 'loading') return pollThenLoad(key, atLeast)
    return fromRegister(key, answer.register, atLeast)
  }

  async function fromRegister(key: LinkKey, register: CachedRegister, atLeast: number): Promise<Link | null> {
    // A replica that lags, or a Redis that has gone back and does not know the edit.
    if (register.version < atLeast) return origin.find(key, atLeast)
    const freshness = freshnessOf(register, runtime.now(), runtime.random)
    if (freshness === 'stale') return refreshOrServeStale(key, register.link)
    if (freshness === 'refresh-ahead') runtime.background('cache.refresh_failed', refresh(key))
    return register.link
  }

  /** Fails open: a cache that cannot be asked has nothing. */
  async function readOrMiss(key: LinkKey): Promise<ReadAnswer | undefined> {
    try {
      const answer = await registers.read(key)
      if (answer.kind === 'leased' && answer.lease.corrupt !== '')
        log.warn('cache.register_corrupt', { ...key })
      return answer
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      if (error.wasSent) log.warn('cache.read_failed', { error: describeError(error) })
      return undefined
    }
  }

  async function loadAndFill(key: LinkKey, lease: Lease): Promise<Link | null> {
    const startedAt = runtime.now()
    const link = await origin.find(key)
    const now = runtime.now()
    const register = cachedFor({ version: link?.version ?? 0, link }, now - startedAt, now, runtime.random)
    runtime.background('cache.fill_failed', fill(key, register, lease))
    return link
  }

  async function fill(key: LinkKey, register: CachedRegister, lease: Lease): Promise<void> {
    const { newer } = await registers.fill([{ key, register, lease }])
    for (const { newerVersion } of newer) await overrule(key, newerVersion)
  }

  /** Without the lease: whoever has it will fill the register soon, or is dead and must not hold anybody up. */
  async function pollThenLoad(key: LinkKey, atLeast: number): Promise<Link | null> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await runtime.sleep(POLL_EVERY_MS)
      const answer = await readOrMiss(key)
      if (answer === undefined) break
      if (answer.kind === 'hit') return fromRegister(key, answer.register, atLeast)
      if (answer.kind === 'leased') return loadAndFill(key, answer.lease)
    }
    return origin.find(key, atLeast)
  }

  /** One reader of many refreshes: the one that gets the lease. */
  async function refresh(key: LinkKey): Promise<void> {
    const [lease] = await registers.takeLeases([key])
    if (lease) await loadAndFill(key, lease)
  }

  async function refreshOrServeStale(key: LinkKey, stale: Link | null): Promise<Link | null> {
    try {
      const [lease] = await registers.takeLeases([key])
      return lease ? await loadAndFill(key, lease) : await awaitRefresh(key, stale)
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      log.warn('cache.served_stale', { error: describeError(error) })
      return stale
    }
  }

  /** Whoever has the lease takes a moment. If it takes longer, many should not wait for Postgres. */
  async function awaitRefresh(key: LinkKey, stale: Link | null): Promise<Link | null> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      await runtime.sleep(POLL_EVERY_MS)
      const answer = await readOrMiss(key)
      if (answer?.kind === 'leased') return loadAndFill(key, answer.lease)
      if (answer?.kind !== 'hit') continue
      const { register } = answer
      if (freshnessOf(register, runtime.now(), runtime.random) !== 'stale') return register.link
    }
    return stale
  }

  return {
    async find(key, atLeast = 0) {
      if (!isSuspect()) return find(key, atLeast)
      try {
        return await origin.find(key, atLeast)
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return find(key, atLeast)
      }
    },
  }
}

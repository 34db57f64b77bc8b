import type { Link, LinkKey } from '../links/link.ts'
import type { LinkSource } from '../links/link-source.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import type { RegisterStore } from './register-store.ts'

export interface RedisTierOptions {
  readonly origin: LinkSource
  readonly registers: RegisterStore
  readonly runtime: Runtime
}

/**
 * Cache-aside over Redis: a hit costs one Redis round trip, a miss one more to the origin, and the fill happens in the
 * background. Redis failing is a miss; a failed load is never cached.
 */
export function redisTier({ origin, registers, runtime }: RedisTierOptions): LinkSource {
  return {
    async find(key: LinkKey): Promise<Link | null> {
      const cached = await readOrMiss(registers, key)
      if (cached !== undefined && 'version' in cached) return cached.link
      const link = await origin.find(key)
      const fill = registers.write(key, { version: link?.version ?? 0, link }, cached?.corrupt)
      runtime.background('cache.fill_failed', fill)
      return link
    },
  }
}

/** Fails open: a cache that cannot be asked has nothing. */
async function readOrMiss(registers: RegisterStore, key: LinkKey): ReturnType<RegisterStore['read']> {
  try {
    const cached = await registers.read(key)
    if (cached !== undefined && 'corrupt' in cached) log.warn('cache.register_corrupt', { ...key })
    return cached
  } catch (error) {
    log.warn('cache.read_failed', { error: describeError(error) })
    return undefined
  }
}

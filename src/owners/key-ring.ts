import { BoundedCache } from '../cache/bounded-cache.ts'
import type { Runtime } from '../runtime.ts'
import { sha256 } from '../sha256.ts'
import { type ApiKey, type ApiKeyStore, isActive, isKey } from './api-key.ts'

export interface KeyRingOptions {
  readonly keys: Pick<ApiKeyStore, 'find' | 'touch'>
  readonly runtime: Pick<Runtime, 'now' | 'background'>
}

export interface KeyRing {
  /** Resolves to the key if it is good now, else to `null`. Throws `SourceUnavailable`. */
  find(key: string): Promise<ApiKey | null>
  /** Whether the key was good not long ago, or `find` would not ask Postgres for it: no flood of guesses has it. */
  trusts(key: string): Promise<boolean>
  /** Forgets what is known: a key has been revoked here. */
  clear(): void
}

/** Keys are remembered for less than the 5 s in which a revoked one must stop working everywhere. */
const REMEMBER_MS = 4_000
/** For how long a key that was good is trusted not to be a guess. */
const TRUST_MS = 60 * 60_000
/** Bounds what a flood of made-up keys can take of the isolate's memory. */
const MAX_REMEMBERED = 1_000
/** Not every use is noted: that would be a write for every request. */
const TOUCH_EVERY_MS = 60_000

/** Knows API keys by their hashes, without asking Postgres for the same one again at every request. */
export function createKeyRing({ keys, runtime }: KeyRingOptions): KeyRing {
  // The time runs from before the look-up; a key that is not there is remembered too.
  const remembered = new BoundedCache<{ readonly key: ApiKey | null; readonly askedAt: number }>({
    maxEntries: MAX_REMEMBERED,
  })

  /** When each was last found good. Apart from the others, so that no made-up key can push it out. */
  const goodAt = new BoundedCache<number>({ maxEntries: MAX_REMEMBERED })

  const recall = (hash: string) => {
    const known = remembered.get(hash)
    return known !== undefined && runtime.now() - known.askedAt < REMEMBER_MS ? known : undefined
  }

  async function load(hash: string): Promise<ApiKey | null> {
    const askedAt = runtime.now()
    const key = await keys.find(hash)
    remembered.set(hash, { key, askedAt })
    if (key !== null && askedAt - (key.lastUsedAt?.getTime() ?? 0) > TOUCH_EVERY_MS) {
      runtime.background('keys.touch_failed', keys.touch(key.id))
    }
    return key
  }

  return {
    async find(text) {
      if (!(await isKey(text))) return null
      const hash = await sha256(text)
      const known = recall(hash)
      const key = known === undefined ? await load(hash) : known.key
      const isGood = key !== null && isActive(key, runtime.now())
      if (isGood) goodAt.set(hash, runtime.now())
      else goodAt.delete(hash)
      return isGood ? key : null
    },
    async trusts(text) {
      if (!(await isKey(text))) return true
      const hash = await sha256(text)
      return runtime.now() - (goodAt.get(hash) ?? 0) < TRUST_MS || recall(hash) !== undefined
    },
    clear: () => remembered.clear(),
  }
}

import { describeError, log } from '../log.ts'
import type { SipKey } from './sip-hash.ts'

/** Where the isolates of a day agree on its key. It forgets keys after 48 h, and nothing else has them. */
export interface VisitorKeyStore {
  /**
   * The key of a day, which the first isolate to ask makes: 32 hex digits.
   * @param day days since the epoch, UTC.
   * @throws {SourceUnavailable}
   */
  keyOf(day: number): Promise<string>
}

/** The keys of visitors' numbers, by day, as this isolate remembers them. */
export interface VisitorKeys {
  /** `null` = not fetched, or there was none to be had. */
  peek(day: number): SipKey | null
  /** Has `peek` know the key of a day. Never rejects. */
  fetch(day: number): Promise<void>
}

/** Of a visit before midnight that is described after it. */
const MAX_REMEMBERED = 2

export function createVisitorKeys(store: VisitorKeyStore): VisitorKeys {
  const keys = new Map<number, SipKey>()
  return {
    peek: (day) => keys.get(day) ?? null,
    async fetch(day) {
      if (keys.has(day)) return
      try {
        const key = parseKey(await store.keyOf(day))
        if (key === null) throw new Error('the key is malformed')
        keys.set(day, key)
        const outdated = [...keys.keys()].sort((a, b) => b - a).slice(MAX_REMEMBERED)
        for (const old of outdated) keys.delete(old)
      } catch (error) {
        log.warn('visits.no_visitor_key', { error: describeError(error) })
      }
    },
  }
}

function parseKey(text: string): SipKey | null {
  if (!/^[0-9a-f]{32}$/.test(text)) return null
  return Uint32Array.from([0, 8, 16, 24], (at) => Number.parseInt(text.slice(at, at + 8), 16))
}

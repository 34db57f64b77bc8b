import type { VisitorKeyStore } from '../../visits/visitor-keys.ts'
import type { RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import { KEY_LOCKING } from './key-locking.ts'

/** Visits of a day are described soon after it. */
export const VISITOR_KEY_LIVES_S = 48 * 60 * 60

/**
 * The key of visitors' numbers of a day: the one that is there, or else the given one, which then is. `SET ... NX GET` would
 * do the same, but only Redis 7 knows it. KEYS key; ARGV 32 hex digits, seconds. Returns 32 hex digits.
 */
export const VISITOR_KEY = `${KEY_LOCKING}
local key = redis.call('GET', KEYS[1])
if key and #key == 32 then return key end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]`

export function visitorKeyStore(redis: RedisClient, keys: Pick<Keys, 'visitorKey'>): VisitorKeyStore {
  return {
    async keyOf(day) {
      const name = keys.visitorKey(day)
      // One command at the nearest replica, and as a rule there is one. Only the first isolate of a day takes the script.
      const known = await redis.command('GET', name)
      if (typeof known === 'string' && known.length === 32) return known
      return String(await redis.eval(VISITOR_KEY, [name], [newKey(), VISITOR_KEY_LIVES_S]))
    },
  }
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

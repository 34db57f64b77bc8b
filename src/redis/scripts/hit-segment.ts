/**
 * @module
 * A segment: it gathers the batches of all isolates in Redis until it is sealed; a flush claims, applies and releases
 * it. It is a hash of link id -> hits, and beside them the fields below. Sealed segments are listed, oldest first.
 *
 * The scripts name keys that `KEYS` does not list (the sealed segments), which Upstash allows to scripts without the
 * `allow-key-locking` flag.
 */
import { listOf, type RedisReply } from '../client.ts'

export const FIELD = {
  /** The segment's id: that of its first batch. */
  id: '#',
  /** All its hits. */
  hits: '+',
  /** How many links it has hits of. */
  links: '=',
  /** The newest sequence number in it. */
  newest: '~',
  /** Followed by an isolate: the newest sequence number of that isolate in it. */
  isolate: '@',
} as const

/** Fields that one HMGET or HSET of a script may name: Lua's stack holds 8,000. */
export const FIELDS_AT_ONCE = 1_000

/** Links of a segment that is sealed, and of those that are claimed together: 300 KB of reply, one SQL statement. */
export const SEGMENT_LINKS = 20_000

/**
 * Lua function that moves the segment being filled to the end of the sealed ones. Its id names its new key. Returns the
 * error if Redis refuses, having changed nothing. RENAME comes first because a full Redis still does it, and then the rest.
 */
export const SEAL = `
local function seal(hits, sealed, prefix, fallback)
  local id = redis.call('HGET', hits, '${FIELD.id}')
  if not id then
    if redis.call('EXISTS', hits) == 0 then return end
    id = fallback
  end
  redis.call('RENAME', hits, prefix .. id)
  local listed = redis.pcall('RPUSH', sealed, id)
  if type(listed) == 'number' then return end
  redis.call('RENAME', prefix .. id, hits)
  return listed
end`

/** A segment as it is in Redis. */
export interface ClaimedSegment {
  readonly id: string
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
  /** Of each isolate the newest batch in it. */
  readonly newestBatches: readonly string[]
  /** What a release must find unchanged. */
  readonly filling: readonly [total: string, newestSequence: string]
}

/** Malformed counters are left out. */
export function parseSegment(reply: RedisReply): ClaimedSegment {
  const [id = null, fields = null] = listOf(reply)
  const hits = new Map<string, number>()
  const newestBatches: string[] = []
  let [total, newestSequence] = ['', '']
  const flat = listOf(fields).map(String)
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = [flat[i], flat[i + 1]]
    if (name === FIELD.hits) total = value
    if (name === FIELD.newest) newestSequence = value
    const count = Number(value)
    if (!Number.isSafeInteger(count) || count <= 0) continue
    // A link id is a bigint; whatever else got in is not a counter.
    if (/^\d{1,18}$/.test(name)) hits.set(name, count)
    else if (name.startsWith(FIELD.isolate)) newestBatches.push(`${name.slice(1)}-${count}`)
  }
  return { id: String(id), hits, newestBatches, filling: [total, newestSequence] }
}

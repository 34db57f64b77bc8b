import { listOf, type RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import { FIELD, SEGMENT_LINKS, TOTAL } from './hit-segment.ts'

/**
 * Reads the hits that still wait in Redis. KEYS hits, sealed, released; ARGV sealed prefix, then link ids. Returns the id of the segment that was released last or nil, then {segment id or nil, hits of the
 * first link or nil, ...} for each segment: first the one being filled, then the sealed ones, oldest first.
 */
export const PENDING_HITS = `
local ids = {'${FIELD.id}'}
for i = 2, #ARGV do ids[i] = ARGV[i] end
local segments = {redis.call('GET', KEYS[3]), redis.call('HMGET', KEYS[1], unpack(ids))}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local counts = redis.call('HMGET', ARGV[1] .. id, unpack(ids))
  counts[1] = id
  segments[#segments + 1] = counts
end
return segments`

/** Hits waiting in one segment; its `id` is `null` when there has been none yet. */
export interface PendingHits {
  readonly id: string | null
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
}

export interface PendingReport {
  readonly segments: readonly PendingHits[]
  /**
   * The segment that was released last, if that was within the last minute. A reader of Postgres and then Redis must see
   * it applied in Postgres, or its hits have slipped through in between.
   */
  readonly lastReleased: string | null
}

export async function pendingHits(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix' | 'releasedHits'>,
  linkIds: readonly string[],
): Promise<PendingReport> {
  const reply = await redis.eval(
    PENDING_HITS,
    [keys.hits, keys.sealedHits, keys.releasedHits],
    [keys.sealedHitsPrefix, ...linkIds],
  )
  const [lastReleased, ...waiting] = listOf(reply)
  const segments = waiting.map((segment) => {
    const [id = null, ...counts] = listOf(segment)
    const hits = new Map(linkIds.map((linkId, i) => [linkId, Number(counts[i] ?? 0) || 0]))
    return { id: id === null ? null : String(id), hits }
  })
  return { segments, lastReleased: typeof lastReleased === 'string' ? lastReleased : null }
}

/**
 * Reads the hits of all links that wait. KEYS hits, sealed; ARGV sealed prefix, how many fields may be read. Returns nil
 * if there are more, else {segment id or nil, {field, value, ...}} for each segment.
 */
export const PENDING_LINKS = `
local ids = redis.call('LRANGE', KEYS[2], 0, -1)
local names, fields = {KEYS[1]}, redis.call('HLEN', KEYS[1])
for i, id in ipairs(ids) do
  names[i + 1] = ARGV[1] .. id
  fields = fields + redis.call('HLEN', names[i + 1])
end
if fields > tonumber(ARGV[2]) then return false end
local segments = {{redis.call('HGET', KEYS[1], '${FIELD.id}'), redis.call('HGETALL', KEYS[1])}}
for i, id in ipairs(ids) do segments[i + 1] = {id, redis.call('HGETALL', names[i + 1])} end
return segments`

/** Hits of every link that waits in some segment; `null` = there are more than `SEGMENT_LINKS`. */
export async function pendingLinks(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix'>,
): Promise<readonly PendingHits[] | null> {
  const reply = await redis.eval(
    PENDING_LINKS,
    [keys.hits, keys.sealedHits],
    [keys.sealedHitsPrefix, SEGMENT_LINKS],
  )
  if (reply === null) return null
  return listOf(reply).map((segment) => {
    const [id = null, fields] = listOf(segment)
    const flat = listOf(fields)
    const hits = flat.flatMap((field, i): [string, number][] => {
      const count = Number(flat[i + 1]) || 0
      return i % 2 === 1 || count === 0 || !/^\d{1,18}$/.test(String(field)) ? [] : [[String(field), count]]
    })
    return { id: id === null ? null : String(id), hits: new Map(hits) }
  })
}

/**
 * How many hits wait, at the cost of the segment being filled, however many are sealed. KEYS hits, sealed; ARGV sealed
 * prefix. Returns segment id or nil, hits for each segment, the one being filled first.
 */
export const WAITING_HITS = `${TOTAL}
local segments = {redis.call('HGET', KEYS[1], '${FIELD.id}'), total(KEYS[1])}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = id
  segments[#segments + 1] = redis.call('HGET', ARGV[1] .. id, '${FIELD.hits}')
end
return segments`

/** Segments with hits, and how many these are. */
export async function waitingHits(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix'>,
): Promise<readonly { readonly id: string; readonly hits: number }[]> {
  const reply = await redis.eval(WAITING_HITS, [keys.hits, keys.sealedHits], [keys.sealedHitsPrefix])
  const flat = listOf(reply)
  return flat.flatMap((id, i) => {
    const hits = Number(flat[i + 1]) || 0
    return i % 2 === 1 || hits === 0 ? [] : { id: String(id ?? ''), hits }
  })
}

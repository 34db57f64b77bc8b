import { listOf, type RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import { FIELD } from './hit-segment.ts'

/**
 * Reads the hits that still wait in Redis. KEYS hits, sealed, released; ARGV sealed prefix, then link ids.
 * Returns a list of {segment id or nil, hits of the first link or nil, ...}, one for each segment, and first the id of
 * the segment that was released last, or nil.
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

/** The hits of links in one segment; its `id` is `null` when it is empty. */
export interface SegmentHits {
  readonly id: string | null
  /** Link id -> hits, of every link that was asked for. */
  readonly hits: ReadonlyMap<string, number>
}

/** @returns `lastReleased` = the segment that was released within the last minute, the last of them; `null` = none. */
export async function pendingHits(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix' | 'releasedHits'>,
  linkIds: readonly string[],
): Promise<{ readonly segments: readonly SegmentHits[]; readonly lastReleased: string | null }> {
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
 * Tells how much waits in Redis. KEYS hits, sealed; ARGV sealed prefix.
 * Returns a list of {segment id or nil, hits}, the segment being filled first and then the sealed ones, oldest first.
 */
export const PENDING_TOTALS = `
local segments = {redis.call('HMGET', KEYS[1], '${FIELD.id}', '${FIELD.hits}')}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = {id, redis.call('HGET', ARGV[1] .. id, '${FIELD.hits}')}
end
return segments`

/** In the same order, without empty segments. */
export async function pendingTotals(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix'>,
): Promise<readonly { readonly id: string; readonly hits: number }[]> {
  const reply = await redis.eval(PENDING_TOTALS, [keys.hits, keys.sealedHits], [keys.sealedHitsPrefix])
  return listOf(reply).flatMap((segment) => {
    const [id, hits] = listOf(segment)
    return typeof id === 'string' ? [{ id, hits: Number(hits) || 0 }] : []
  })
}

import { listOf, type RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import {
  type ClaimedSegment,
  FIELD,
  FIELDS_AT_ONCE,
  newSegmentId,
  parseSegment,
  SEAL,
  SEGMENT_BYTES,
  SEGMENT_LINKS,
  VISITS_OF_SEALED,
} from './hit-segment.ts'

/** Of the text of segments that are claimed together, but for a single one that has more. */
export const CLAIM_BYTES = 2 * SEGMENT_BYTES

/**
 * Hands out the oldest sealed segments, as many as together have no more links than one segment may and `CLAIM_BYTES` of
 * text, but at least one. Text of the wrong type is none.
 * Asking again hands out the same ones until they are released, so a flush that died is simply done again.
 * KEYS hits, sealed, writers, writers when a segment was sealed last, visits; ARGV sealed prefix, what to make the id of a
 * new segment of, '1' to seal the one being filled first or ''.
 * Returns {1 if there are more, {segment id, {field, value, ...}, text of its visits}, ...}.
 */
export const CLAIM_HITS = `${SEAL}
local refused = ARGV[3] == '1' and redis.call('EXISTS', KEYS[1], KEYS[5]) > 0 and seal()
local ids = redis.call('LRANGE', KEYS[2], 0, ${FIELDS_AT_ONCE})
if refused and #ids == 0 then return refused end
local claimed, links, bytes = {0}, 0, 0
for _, id in ipairs(ids) do
  local size = redis.call('HLEN', ARGV[1] .. id)
  local visits = redis.pcall('GET', ARGV[1] .. id .. '${VISITS_OF_SEALED}')
  if type(visits) ~= 'string' then visits = '' end
  links, bytes = links + size, bytes + #visits
  local isTooMuch = links > ${SEGMENT_LINKS} or bytes > ${CLAIM_BYTES} or #claimed > ${FIELDS_AT_ONCE}
  if #claimed > 1 and isTooMuch then
    claimed[1] = 1
    break
  end
  claimed[#claimed + 1] = {id, redis.call('HGETALL', ARGV[1] .. id), visits}
end
return claimed`

export interface ClaimedHits {
  /** Together as many links as one statement takes; none = nothing waits. */
  readonly segments: readonly ClaimedSegment[]
  readonly hasMore: boolean
}

/**
 * @param sealOpen takes the segment that is being filled too.
 * @param now milliseconds since the epoch.
 */
export async function claimHits(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix' | 'hitWriters' | 'sealedWriters' | 'hitVisits'>,
  sealOpen: boolean,
  now: number,
): Promise<ClaimedHits> {
  const reply = await redis.eval(
    CLAIM_HITS,
    [keys.hits, keys.sealedHits, keys.hitWriters, keys.sealedWriters, keys.hitVisits],
    [keys.sealedHitsPrefix, newSegmentId(now), sealOpen ? '1' : ''],
  )
  const [hasMore, ...segments] = listOf(reply)
  return { segments: segments.map(parseSegment), hasMore: hasMore === 1 }
}

/** For how long it is remembered which segment was released last: longer than any reader of hits takes. */
const REMEMBER_RELEASE_S = 60

/**
 * Forgets segments that have been applied, but for one that is no longer as it was claimed: Redis went back meanwhile, and
 * it has been filled anew.
 * KEYS sealed, released; ARGV sealed prefix, then segment id, its sealing for each.
 */
export const RELEASE_HITS = `
for i = 2, #ARGV, 2 do
  if (redis.call('HGET', ARGV[1] .. ARGV[i], '${FIELD.next}') or '') == ARGV[i + 1] then
    redis.call('LREM', KEYS[1], 1, ARGV[i])
    redis.call('DEL', ARGV[1] .. ARGV[i], ARGV[1] .. ARGV[i] .. '${VISITS_OF_SEALED}')
  end
end
redis.call('SET', KEYS[2], ARGV[#ARGV - 1], 'EX', ${REMEMBER_RELEASE_S})
return 1`

export async function releaseHits(
  redis: RedisClient,
  keys: Pick<Keys, 'sealedHits' | 'sealedHitsPrefix' | 'releasedHits'>,
  segments: readonly Pick<ClaimedSegment, 'id' | 'sealing'>[],
): Promise<void> {
  await redis.eval(
    RELEASE_HITS,
    [keys.sealedHits, keys.releasedHits],
    [keys.sealedHitsPrefix, ...segments.flatMap(({ id, sealing }) => [id, sealing])],
  )
}

/**
 * @module
 * The scripts around hit counters. They name keys that `KEYS` does not list (the sealed segments), which Upstash allows
 * to scripts without the `allow-key-locking` flag.
 */
import { READ_CHANGES } from './changes.ts'

/** Lua function that moves the segment being filled to the end of the sealed ones. Its batch id names its new key. */
const SEAL = `
local function seal(hits, sealed, prefix, fallback)
  local id = redis.call('HGET', hits, '#')
  if not id then
    if redis.call('EXISTS', hits) == 0 then return end
    id = fallback
    redis.call('HSET', hits, '#', id)
  end
  redis.call('RENAME', hits, prefix .. id)
  redis.call('RPUSH', sealed, id)
end`

/**
 * Adds one isolate's batch of hits, once however often it is sent. An isolate numbers its batches upwards and sends
 * them in that order, so a batch is new exactly if its number raises the isolate's score.
 * The answer brings what has been appended to the change log, so that an isolate with traffic costs no extra request.
 * KEYS hits, sealed, writers, change log; ARGV isolate, sequence number, sealed prefix, links at which to seal, change
 * log cursor or '', then id, hits pairs. Returns {1 if added or 0 if it had been before, change log entries}.
 */
export const COMMIT_HITS = `${SEAL}${READ_CHANGES}
local news = changes(KEYS[4], ARGV[5])
local size = redis.call('HLEN', KEYS[1])
if redis.call('ZADD', KEYS[3], 'GT', 'CH', ARGV[2], ARGV[1]) == 0 then return {0, news} end
local batch = ARGV[1] .. '-' .. ARGV[2]
if size == 0 then redis.call('HSET', KEYS[1], '#', batch) end
for i = 6, #ARGV, 2 do
  local added = redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  if type(added) ~= 'number' then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
if size >= tonumber(ARGV[4]) then seal(KEYS[1], KEYS[2], ARGV[3], batch) end
return {1, news}`

/**
 * Hands out the oldest sealed segment, sealing the current one if there is none. Asking again hands out the same one
 * until it is released, so a flush that died is simply done again.
 * KEYS hits, sealed; ARGV sealed prefix, a fresh batch id. Returns nil, or {batch id, {field, value, ...}}.
 */
export const CLAIM_HITS = `${SEAL}
local id = redis.call('LINDEX', KEYS[2], 0)
if not id then
  seal(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
  id = redis.call('LINDEX', KEYS[2], 0)
  if not id then return nil end
end
return {id, redis.call('HGETALL', ARGV[1] .. id)}`

/** For how long it is remembered which segment was released last: longer than anybody takes to read hits. */
const REMEMBER_RELEASE_S = 60

/**
 * Forgets a segment that has been applied.
 * KEYS sealed, writers, released; ARGV sealed prefix, batch id, oldest sequence to keep.
 */
export const RELEASE_HITS = `
redis.call('LREM', KEYS[1], 1, ARGV[2])
redis.call('DEL', ARGV[1] .. ARGV[2])
redis.call('SET', KEYS[3], ARGV[2], 'EX', ${REMEMBER_RELEASE_S})
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[3])
return 1`

/**
 * Adds up what waits in Redis. KEYS hits, sealed; ARGV sealed prefix.
 * Returns a list of {batch id or nil, hits}, the newest segment first and then the sealed ones, oldest first.
 */
export const PENDING_TOTALS = `
local function total(key)
  local sum = 0
  for _, value in ipairs(redis.call('HVALS', key)) do sum = sum + (tonumber(value) or 0) end
  return sum
end
local segments = {{redis.call('HGET', KEYS[1], '#'), total(KEYS[1])}}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = {id, total(ARGV[1] .. id)}
end
return segments`

/**
 * Reads the hits that still wait in Redis. KEYS hits, sealed, released; ARGV sealed prefix, then link ids.
 * Returns a list of {batch id or nil, hits of the first link or nil, ...}, one for each segment, and first the id of
 * the segment that was released last, or nil.
 */
export const PENDING_HITS = `
local ids = {'#'}
for i = 2, #ARGV do ids[i] = ARGV[i] end
local segments = {redis.call('GET', KEYS[3]), redis.call('HMGET', KEYS[1], unpack(ids))}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = redis.call('HMGET', ARGV[1] .. id, unpack(ids))
end
return segments`

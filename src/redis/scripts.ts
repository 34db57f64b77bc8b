/**
 * @module
 * Every Lua script. A script is atomic in Redis; none needs cjson. Upstash locks the whole database for a script that
 * has no `allow-key-locking` flag, so scripts may name keys that `KEYS` does not list (the sealed segments).
 */

/**
 * Writes a register unless the one there is newer ("set if not older"), so that fills and edits may arrive in any order.
 * KEYS register; ARGV version, register text, TTL in ms, the corrupt text that the caller saw there or ''.
 * Returns 1 if written, 0 if a newer one stays.
 */
export const SET_IF_NOT_OLDER = `
local current = redis.pcall('GET', KEYS[1])
if type(current) == 'string' and current ~= ARGV[4] then
  local version = string.match(current, '^(%d+):')
  if version and tonumber(version) > tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

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
 * KEYS hits, sealed, writers; ARGV isolate, sequence number, sealed prefix, fields at which to seal, then id, hits pairs.
 * Returns 1 if added, 0 if it had been added before.
 */
export const COMMIT_HITS = `${SEAL}
local size = redis.call('HLEN', KEYS[1])
if redis.call('ZADD', KEYS[3], 'GT', 'CH', ARGV[2], ARGV[1]) == 0 then return 0 end
local batch = ARGV[1] .. '-' .. ARGV[2]
if size == 0 then redis.call('HSET', KEYS[1], '#', batch) end
for i = 5, #ARGV, 2 do
  local added = redis.pcall('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  if type(added) ~= 'number' then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
if size >= tonumber(ARGV[4]) then seal(KEYS[1], KEYS[2], ARGV[3], batch) end
return 1`

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

/** Forgets a segment that has been applied. KEYS sealed, writers; ARGV sealed prefix, batch id, oldest sequence to keep. */
export const RELEASE_HITS = `
redis.call('LREM', KEYS[1], 1, ARGV[2])
redis.call('DEL', ARGV[1] .. ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[3])
return 1`

/**
 * Reads the hits that still wait in Redis. KEYS hits, sealed; ARGV sealed prefix, then link ids.
 * Returns a list of {batch id or nil, hits of the first link or nil, ...}, one for each segment.
 */
export const PENDING_HITS = `
local ids = {'#'}
for i = 2, #ARGV do ids[i] = ARGV[i] end
local segments = {redis.call('HMGET', KEYS[1], unpack(ids))}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = redis.call('HMGET', ARGV[1] .. id, unpack(ids))
end
return segments`

/**
 * @module
 * The scripts around hit counters. They name keys that `KEYS` does not list (the sealed segments), which Upstash allows
 * to scripts without the `allow-key-locking` flag.
 *
 * A segment is a hash of link id -> hits. Beside them it has `#` its id, `+` its hits, `=` its links, `~` the newest
 * sequence number in it, and `@<isolate>` the newest one of each isolate.
 */
import { READ_CHANGES } from './changes.ts'

/**
 * Lua function that moves the segment being filled to the end of the sealed ones. Its id names its new key. Returns the
 * error if Redis refuses, having changed nothing. RENAME comes first because a full Redis still does it, and then the rest.
 */
const SEAL = `
local function seal(hits, sealed, prefix, fallback)
  local id = redis.call('HGET', hits, '#')
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

/** How many arguments of COMMIT_HITS precede the hits. */
export const COMMIT_HITS_SETTINGS = 9

/** Fields that one HMGET or HSET of a script may name: Lua's stack holds 8,000. */
const FIELDS_AT_ONCE = 1_000

/**
 * Adds one isolate's batch of hits, once however often it is sent. An isolate numbers its batches upwards and sends
 * them in that order, so a batch is new exactly if its number is greater than the isolate's score.
 *
 * Redis may have gone back to what it was earlier (a failover, a backup). Then the segment being filled may be one that
 * has been flushed meanwhile, whose hits count no more: it is sealed and takes no further ones. That shows in the
 * isolate's score, which is not the batch that Redis confirmed last, or in the time that has passed since anybody's last
 * commit. Either may also mean something harmless; then this makes one segment more. And a batch that was sent before
 * and is not there may have been there, and been flushed: it gets a segment of its own, so that Postgres can tell.
 *
 * The answer brings what has been appended to the change log, so that an isolate with traffic costs no extra request.
 *
 * An error means that nothing was added, unless it begins with HALFWAY.
 * KEYS hits, sealed, writers, change log; ARGV isolate, sequence number, sealed prefix, links at which to seal, change
 * log cursor or '', sequence number confirmed last or '', '1' if it was sent before or '', milliseconds without a commit
 * after which a segment takes no more, milliseconds to keep a score, then id, hits pairs.
 * Returns {1 if added or 0 if it had been before, change log entries}.
 */
export const COMMIT_HITS = `${SEAL}${READ_CHANGES}
local isolate, sequence, prefix = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local batch = isolate .. '-' .. ARGV[2]
local news = changes(KEYS[4], ARGV[5])
local score = redis.call('ZSCORE', KEYS[3], isolate)
if score and tonumber(score) >= sequence then return {0, news} end

local names = {'#', '+', '=', '~', '@' .. isolate}
for i = ${COMMIT_HITS_SETTINGS + 1}, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local values = {}
for i = 1, #names, ${FIELDS_AT_ONCE} do
  local part = redis.call('HMGET', KEYS[1], unpack(names, i, math.min(i + ${FIELDS_AT_ONCE - 1}, #names)))
  for j = 1, #part do values[i + j - 1] = tonumber(part[j] or '') or part[j] end
end
if type(values[5]) == 'number' and values[5] >= sequence then return {0, news} end

local hasGoneBack = ARGV[6] ~= '' and tonumber(score or 0) ~= tonumber(ARGV[6])
local isIdle = type(values[4]) == 'number' and sequence - values[4] > tonumber(ARGV[8])
if values[1] and (hasGoneBack or isIdle) then
  local refused = seal(KEYS[1], KEYS[2], prefix, batch .. '-0')
  if refused then return refused end
  values = {}
end
local target = KEYS[1]
if ARGV[7] == '1' then target, values = prefix .. batch, {} end

local function number(i) return type(values[i]) == 'number' and values[i] or 0 end
local isNew, total, links = not values[1], number(2), number(3)
local fields = {'#', values[1] or batch, '+', 0, '=', 0, '~', math.max(number(4), sequence), '@' .. isolate, sequence}
for i = ${COMMIT_HITS_SETTINGS + 1}, #ARGV, 2 do
  local before, hits = number(6 + (i - ${COMMIT_HITS_SETTINGS + 1}) / 2), tonumber(ARGV[i + 1])
  if before == 0 then links = links + 1 end
  total = total + hits
  fields[#fields + 1] = ARGV[i]
  fields[#fields + 1] = before + hits
end
fields[4], fields[6] = total, links
for i = 1, #fields do if type(fields[i]) == 'number' then fields[i] = string.format('%.0f', fields[i]) end end

local function undo()
  if score then return redis.pcall('ZADD', KEYS[3], score, isolate) end
  return redis.pcall('ZREM', KEYS[3], isolate)
end
local marked = redis.pcall('ZADD', KEYS[3], ARGV[2], isolate)
if type(marked) ~= 'number' then return marked end
for i = 1, #fields, ${FIELDS_AT_ONCE} do
  local written = redis.pcall('HSET', target, unpack(fields, i, math.min(i + ${FIELDS_AT_ONCE - 1}, #fields)))
  if type(written) ~= 'number' then
    if i == 1 and type(undo()) == 'number' then return written end
    return redis.error_reply('HALFWAY ' .. (written.err or ''))
  end
end
if target ~= KEYS[1] then
  local listed = redis.pcall('RPUSH', KEYS[2], batch)
  if type(listed) ~= 'number' then
    if type(redis.pcall('DEL', target)) == 'number' and type(undo()) == 'number' then return listed end
    return redis.error_reply('HALFWAY ' .. (listed.err or ''))
  end
else
  if isNew then redis.pcall('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', sequence - ARGV[9])) end
  if number(3) >= tonumber(ARGV[4]) then seal(KEYS[1], KEYS[2], prefix, batch .. '-0') end
end
return {1, news}`

/**
 * Hands out the oldest sealed segments, as many as together have no more links than asked for, but at least one. Asking
 * again hands out the same ones until they are released, so a flush that died is simply done again.
 * KEYS hits, sealed; ARGV sealed prefix, a fresh segment id, '1' to seal the segment being filled first or '', links.
 * Returns {1 if there are more, {segment id, {field, value, ...}}, ...}.
 */
export const CLAIM_HITS = `${SEAL}
local refused = ARGV[3] == '1' and seal(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
local ids = redis.call('LRANGE', KEYS[2], 0, ${FIELDS_AT_ONCE})
if refused and #ids == 0 then return refused end
local claimed, links = {0}, 0
for _, id in ipairs(ids) do
  local size = redis.call('HLEN', ARGV[1] .. id)
  if #claimed > 1 and (links + size > tonumber(ARGV[4]) or #claimed > ${FIELDS_AT_ONCE}) then
    claimed[1] = 1
    break
  end
  links = links + size
  claimed[#claimed + 1] = {id, redis.call('HGETALL', ARGV[1] .. id)}
end
return claimed`

/** For how long it is remembered which segment was released last: longer than anybody takes to read hits. */
const REMEMBER_RELEASE_S = 60

/**
 * Forgets segments that have been applied, but for one that is no longer as it was claimed: Redis went back meanwhile, and
 * it has been filled anew.
 * KEYS sealed, released; ARGV sealed prefix, then segment id, its `+`, its `~`.
 */
export const RELEASE_HITS = `
for i = 2, #ARGV, 3 do
  local now = redis.call('HMGET', ARGV[1] .. ARGV[i], '+', '~')
  if (now[1] or '') == ARGV[i + 1] and (now[2] or '') == ARGV[i + 2] then
    redis.call('LREM', KEYS[1], 1, ARGV[i])
    redis.call('DEL', ARGV[1] .. ARGV[i])
  end
end
redis.call('SET', KEYS[2], ARGV[#ARGV - 2], 'EX', ${REMEMBER_RELEASE_S})
return 1`

/**
 * Tells what waits in Redis. KEYS hits, sealed; ARGV sealed prefix.
 * Returns a list of {segment id or nil, hits}, the newest segment first and then the sealed ones, oldest first.
 */
export const PENDING_TOTALS = `
local segments = {redis.call('HMGET', KEYS[1], '#', '+')}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  segments[#segments + 1] = {id, redis.call('HGET', ARGV[1] .. id, '+')}
end
return segments`

/**
 * Reads the hits that still wait in Redis. KEYS hits, sealed, released; ARGV sealed prefix, then link ids.
 * Returns a list of {segment id or nil, hits of the first link or nil, ...}, one for each segment, and first the id of
 * the segment that was released last, or nil.
 */
export const PENDING_HITS = `
local ids = {'#'}
for i = 2, #ARGV do ids[i] = ARGV[i] end
local segments = {redis.call('GET', KEYS[3]), redis.call('HMGET', KEYS[1], unpack(ids))}
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local counts = redis.call('HMGET', ARGV[1] .. id, unpack(ids))
  counts[1] = id
  segments[#segments + 1] = counts
end
return segments`

import { listOf, type RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import { type ChangeLogNews, parseNews, READ_CHANGES } from './changes.ts'
import { FIELD, FIELDS_AT_ONCE, SEAL } from './hit-segment.ts'

/** How many arguments of COMMIT_HITS precede the hits. */
export const COMMIT_SETTINGS = 7

/**
 * For how long Redis remembers an isolate's newest batch: far longer than a request can be on its way. What an isolate
 * sends again later than that is told apart by Postgres.
 */
const WRITER_TTL_MS = 10 * 60_000

/** After this long a segment takes no more hits: a backup of yesterday holds one that Postgres has had since. */
const IDLE_SEGMENT_MS = 10 * 60_000

/**
 * Adds one isolate's batch of hits, once however often it is sent. An isolate numbers its batches upwards and sends
 * them in that order, so a batch is new exactly if its number is greater than the isolate's score.
 *
 * Redis may have gone back to what it was earlier (a failover, a backup). Then the segment being filled may be one that
 * has been flushed meanwhile, whose hits count no more: it is sealed and takes no further ones. That shows in the
 * isolate's score, which is not the batch that Redis confirmed last, or in the time that has passed since the last
 * commit of any isolate. Either may also mean something harmless; then this makes one segment more. And a batch that was
 * sent before and is not there may have been there, and been flushed: it gets a segment of its own, so that Postgres can
 * tell.
 *
 * The reply brings what has been appended to the change log, so that an isolate with traffic costs no extra request.
 *
 * An error means that nothing was added, unless it begins with HALFWAY.
 * KEYS hits, sealed, writers, change log; ARGV isolate, sequence number, sealed prefix, links at which to seal, position
 * in the change log, sequence number confirmed last or '', '1' if it was sent before or '', then id, hits pairs.
 * Returns {1 if added or 0 if it had been before, news of the change log}.
 */
export const COMMIT_HITS = `${SEAL}${READ_CHANGES}
local isolate, sequence, prefix = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local batch = isolate .. '-' .. ARGV[2]
local news = changes(KEYS[4], ARGV[5])
local score = redis.call('ZSCORE', KEYS[3], isolate)
if score and tonumber(score) >= sequence then return {0, news} end

local names = {'${FIELD.id}', '${FIELD.hits}', '${FIELD.links}', '${FIELD.newest}', '${FIELD.isolate}' .. isolate}
for i = ${COMMIT_SETTINGS + 1}, #ARGV, 2 do names[#names + 1] = ARGV[i] end
local values = {}
for i = 1, #names, ${FIELDS_AT_ONCE} do
  local part = redis.call('HMGET', KEYS[1], unpack(names, i, math.min(i + ${FIELDS_AT_ONCE - 1}, #names)))
  for j = 1, #part do values[i + j - 1] = tonumber(part[j] or '') or part[j] end
end
if type(values[5]) == 'number' and values[5] >= sequence then return {0, news} end

local hasGoneBack = ARGV[6] ~= '' and tonumber(score or 0) ~= tonumber(ARGV[6])
local isIdle = type(values[4]) == 'number' and sequence - values[4] > ${IDLE_SEGMENT_MS}
if values[1] and (hasGoneBack or isIdle) then
  local refused = seal(KEYS[1], KEYS[2], prefix, batch .. '-0')
  if refused then return refused end
  values = {}
end
local target = KEYS[1]
if ARGV[7] == '1' then target, values = prefix .. batch, {} end

local function number(i) return type(values[i]) == 'number' and values[i] or 0 end
local isNew, total, links = not values[1], number(2), number(3)
local fields = {
  names[1], values[1] or batch, names[2], 0, names[3], 0, names[4], math.max(number(4), sequence), names[5], sequence
}
for i = ${COMMIT_SETTINGS + 1}, #ARGV, 2 do
  local before, hits = number(6 + (i - ${COMMIT_SETTINGS + 1}) / 2), tonumber(ARGV[i + 1])
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
  if isNew then redis.pcall('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', sequence - ${WRITER_TTL_MS})) end
  if number(3) >= tonumber(ARGV[4]) then seal(KEYS[1], KEYS[2], prefix, batch .. '-0') end
end
return {1, news}`

export interface HitCommit {
  readonly isolate: string
  readonly sequence: number
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
  readonly isRepeated: boolean
  /** `null` = none yet. */
  readonly confirmed: number | null
  readonly sealAtLinks: number
  readonly position: string
}

/** Resolves to what the change log tells from the position on. */
export async function commitHits(
  redis: RedisClient,
  keys: Pick<Keys, 'hits' | 'sealedHits' | 'sealedHitsPrefix' | 'hitWriters' | 'changes'>,
  { isolate, sequence, hits, isRepeated, confirmed, sealAtLinks, position }: HitCommit,
): Promise<ChangeLogNews> {
  const settings = [isolate, sequence, keys.sealedHitsPrefix, sealAtLinks, position, confirmed ?? '']
  const reply = await redis.eval(
    COMMIT_HITS,
    [keys.hits, keys.sealedHits, keys.hitWriters, keys.changes],
    [...settings, isRepeated ? '1' : '', ...[...hits].flat()],
  )
  return parseNews(listOf(reply)[1])
}

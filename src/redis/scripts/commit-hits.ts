import { listOf, type RedisClient } from '../client.ts'
import type { Keys } from '../keys.ts'
import { type ChangeLogNews, parseNews, READ_CHANGES } from './changes.ts'
import {
  FIELD,
  FIELDS_AT_ONCE,
  MAX_SEGMENT_BYTES,
  newSegmentId,
  SEAL,
  SEGMENT_BYTES,
  VISITS_OF_SEALED,
} from './hit-segment.ts'

/** How many arguments of COMMIT_HITS precede the hits. */
export const COMMIT_SETTINGS = 9
const FIRST = COMMIT_SETTINGS + 1

/**
 * A segment that was begun longer ago takes no more isolates: a backup of yesterday holds one that Postgres has had since.
 * Those that have hits in it go on.
 */
const OLD_SEGMENT_MS = 10 * 60_000

/**
 * A commit that adds links checks the segment's size if they are this part of a full one, or else one time in so many. So a
 * segment outgrows its bound by what comes between two checks: 32 commits of 20 links on average at most.
 */
const LARGE_PART = 1 / 1_000
const ONE_IN = 32

/**
 * Adds one isolate's batch of hits, once however often it is sent. An isolate numbers its batches upwards and sends
 * them in that order, so a batch is new exactly if its number is greater than the isolate's score. The usual commit takes
 * four commands: the news; the score, raised by what it lacks if it is the batch that Redis confirmed last, which makes
 * it this batch's number and nothing else if that is so; the counter of one link (two for more of them); and the text
 * that tells of its visits. That comes last and may fail: if it alone is refused the hits count all the same, because they
 * would count twice if they were sent again, and nothing can be cut off a string to undo it.
 *
 * Redis may have gone back to what it was earlier (a failover, a backup). Then the segment being filled may be one that
 * has been flushed meanwhile, whose hits count no more: it is sealed and takes no further ones. That shows in the
 * isolate's score, which is not the batch that Redis confirmed last. An isolate to which Redis has confirmed nothing lately
 * cannot tell: it takes no segment that is old, and gives an empty one another id. Either may also mean something harmless;
 * then this makes one segment more. And a batch that was sent before and is not there may have been
 * there, and been flushed: it gets a segment of its own, so that Postgres can tell.
 *
 * The reply brings what has been appended to the change log, so that an isolate with traffic costs no extra request.
 *
 * An error means that nothing was added, unless it begins with HALFWAY.
 * KEYS hits, sealed, writers, writers when a segment was sealed last, visits, change log; ARGV sealed prefix, what to make
 * the id of a new segment of, isolate, sequence number, sequence number confirmed lately or 0, '1' if it was sent before or '',
 * links at which to seal, position in the change log, text of its visits or '', then id, hits pairs.
 * Returns {1 if added or 0 if it had been before, news of the change log}.
 */
export const COMMIT_HITS = `${SEAL}${READ_CHANGES}
local isolate, sequence, confirmed, sealAt = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
local news = changes(KEYS[6], ARGV[8])
local step = sequence - confirmed
local raised = redis.pcall('ZINCRBY', KEYS[3], string.format('%.0f', step), isolate)
if type(raised) == 'table' and raised.err then return raised end
local score = tonumber(raised) - step

local function mark(number)
  if number == 0 then return redis.pcall('ZREM', KEYS[3], isolate) end
  return redis.pcall('ZADD', KEYS[3], string.format('%.0f', number), isolate)
end
local function undo(refusal, isHalf)
  if not isHalf and type(mark(score)) == 'number' then return refusal end
  return redis.error_reply('HALFWAY ' .. (refusal.err or ''))
end

local target, own = KEYS[1], ARGV[6] == '1' and isolate .. '-' .. ARGV[4]
if own or confirmed == 0 or score ~= confirmed or step <= 0 then
  local restored = mark(score)
  if type(restored) ~= 'number' then return undo(restored, true) end
  if score >= sequence then return {0, news} end
  local age = (begun(ARGV[2]) or 0) - (begun(redis.call('HGET', KEYS[1], '${FIELD.id}')) or 0)
  local hasGoneBack = confirmed ~= 0 and score ~= confirmed
  local isOld = age > ${OLD_SEGMENT_MS} or redis.call('HLEN', KEYS[1]) <= 1
  local hasEarlier = own and score ~= tonumber(redis.call('ZSCORE', KEYS[4], isolate) or 0)
  local refused = (hasGoneBack or isOld or hasEarlier) and seal()
  if refused then return refused end
  local marked = mark(sequence)
  if type(marked) ~= 'number' then return marked end
end

local links, sum = 0, 0
local function add()
  if not own and #ARGV == ${FIRST + 1} then
    local hits = redis.pcall('HINCRBY', target, ARGV[${FIRST}], ARGV[${FIRST + 1}])
    links = hits == tonumber(ARGV[${FIRST + 1}]) and 1 or 0
    if type(hits) == 'number' then return end
  end
  for first = ${FIRST}, #ARGV, ${2 * FIELDS_AT_ONCE} do
    local names, fields = {}, {}
    for i = first, math.min(first + ${2 * FIELDS_AT_ONCE - 1}, #ARGV), 2 do names[#names + 1] = ARGV[i] end
    local reply = redis.pcall('HMGET', target, unpack(names))
    if not reply.err then
      for i, name in ipairs(names) do
        local before, hits = tonumber(reply[i] or '') or 0, tonumber(ARGV[first + 2 * i - 1])
        links, sum = links + (before == 0 and 1 or 0), sum + hits
        fields[2 * i - 1], fields[2 * i] = name, string.format('%.0f', before + hits)
      end
      reply = redis.pcall('HSET', target, unpack(fields))
    end
    if type(reply) ~= 'number' then return reply, first > ${FIRST} end
  end
end

local function tell()
  if ARGV[9] == '' then return 0 end
  local length = redis.pcall('APPEND', KEYS[5], ARGV[9])
  if type(length) == 'table' and string.find(length.err or '', 'WRONGTYPE', 1, true) then
    redis.pcall('DEL', KEYS[5])
    length = redis.pcall('APPEND', KEYS[5], ARGV[9])
  end
  return type(length) == 'number' and length or 0
end

if own then
  target = ARGV[1] .. own
  local isThere = redis.call('EXISTS', target) == 1
  local refusal = not isThere and add()
  local function try(...)
    local reply = refusal or redis.pcall(...)
    if type(reply) == 'table' then refusal = reply end
  end
  try('ZADD', KEYS[4], ARGV[4], isolate)
  if not isThere then
    try('HSET', target, '${FIELD.hits}', sum, '${FIELD.next}', ARGV[2], '${FIELD.isolate}' .. isolate, ARGV[4])
    if not refusal and ARGV[9] ~= '' then redis.pcall('SET', target .. '${VISITS_OF_SEALED}', ARGV[9]) end
    try('RPUSH', KEYS[2], own)
  end
  if not refusal then return {isThere and 0 or 1, news} end
  local undone = isThere and 0 or redis.pcall('DEL', target, target .. '${VISITS_OF_SEALED}')
  return undo(refusal, type(undone) ~= 'number')
end
local refusal, isHalf = add()
if refusal then return undo(refusal, isHalf) end
local length = tell()
local isFull = length >= ${SEGMENT_BYTES}
if not isFull and links > 0 and (links >= sealAt * ${LARGE_PART} or sequence % ${ONE_IN} == 0) then
  isFull = redis.call('HLEN', KEYS[1]) - links > sealAt
end
if isFull and seal() and length > ${MAX_SEGMENT_BYTES} then redis.pcall('DEL', KEYS[5]) end
return {1, news}`

export interface HitCommit {
  readonly isolate: string
  readonly sequence: number
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
  readonly visits: string
  readonly isRepeated: boolean
  /** `null` = none lately. */
  readonly confirmed: number | null
  readonly sealAtLinks: number
  readonly position: string
}

type CommitKeys = Pick<
  Keys,
  'hits' | 'sealedHits' | 'sealedHitsPrefix' | 'hitWriters' | 'sealedWriters' | 'hitVisits' | 'changes'
>

/** Resolves to what the change log tells from the position on. */
export async function commitHits(
  redis: RedisClient,
  keys: CommitKeys,
  { isolate, sequence, hits, visits, isRepeated, confirmed, sealAtLinks, position }: HitCommit,
): Promise<ChangeLogNews> {
  const segment = [keys.sealedHitsPrefix, newSegmentId(sequence)]
  const batch = [isolate, sequence, confirmed ?? 0, isRepeated ? '1' : '']
  const reply = await redis.eval(
    COMMIT_HITS,
    [keys.hits, keys.sealedHits, keys.hitWriters, keys.sealedWriters, keys.hitVisits, keys.changes],
    [...segment, ...batch, sealAtLinks, position, visits, ...[...hits].flat()],
    // A batch that may have arrived must say so when it is sent again.
    0,
  )
  return parseNews(listOf(reply)[1])
}

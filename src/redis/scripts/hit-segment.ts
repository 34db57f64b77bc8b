/**
 * @module
 * A segment: it gathers the batches of all isolates in Redis until it is sealed; a flush claims, applies and releases
 * it. It is a hash of link id -> hits. One that is being filled has its id beside them and nothing else, so that a commit
 * has nothing else to write; the other fields are written when it is sealed. Sealed segments are listed, oldest first.
 *
 * A string beside it gathers the lines that tell of its visits. The counters hold without it: if it is lost or corrupt,
 * nothing is known of those visits, and that is all.
 *
 * The scripts name keys that `KEYS` does not list (the sealed segments), which Upstash allows to scripts without the
 * `allow-key-locking` flag.
 */
import { listOf, type RedisReply } from '../client.ts'

export const FIELD = {
  /**
   * The segment's id, given before its first hits: should Redis go back to an earlier time, it is filled again under the
   * id by which Postgres knows it. It ends in the time when the segment was begun.
   */
  id: '#',
  /** All its hits. */
  hits: '+',
  /** The id of the segment that was begun when this one was sealed: a segment that is sealed once more has another. */
  next: '~',
  /** Followed by an isolate: the newest sequence number of that isolate in it. */
  isolate: '@',
} as const

/** Fields that one HMGET or HSET of a script may name: Lua's stack holds 8,000, and HSET takes values too. */
export const FIELDS_AT_ONCE = 1_000

/** Links of a segment that is sealed, and of those that are claimed together: 300 KB of reply, one SQL statement. */
export const SEGMENT_LINKS = 20_000

/** Of its text: a segment that has as much is sealed. One more batch of `MAX_BATCH_CHARACTERS` may be on top of it. */
export const SEGMENT_BYTES = 256 * 1024
/** Beyond this, which is reached only while Redis refuses to seal, the text is given up: it would outgrow a response. */
export const MAX_SEGMENT_BYTES = 4 * SEGMENT_BYTES

/** Follows the key of a sealed segment in that of its text. */
export const VISITS_OF_SEALED = ':visits'

/**
 * For how long Redis remembers an isolate's newest batch: far longer than a request can be on its way. What an isolate
 * sends again later than that is told apart by Postgres.
 */
export const WRITER_TTL_MS = 10 * 60_000

/** What `SEAL` makes the id of a new segment of. @param now milliseconds since the epoch. */
export const newSegmentId = (now: number): string => `${crypto.randomUUID()}-${now}`

/** When a segment was begun, in milliseconds since the epoch; `null` = its id does not tell. */
export function begunAt(id: string): number | null {
  const milliseconds = /-(\d{13})$/.exec(id)?.[1]
  return milliseconds === undefined ? null : Number(milliseconds)
}

/** Lua function that adds up the counters of a segment. */
export const TOTAL = `
local function total(segment)
  local sum, fields = 0, redis.call('HGETALL', segment)
  for i = 1, #fields, 2 do
    if string.find(fields[i], '^%d') then sum = sum + (tonumber(fields[i + 1]) or 0) end
  end
  return string.format('%.0f', sum)
end`

/**
 * Lua function that moves the segment being filled to the end of the sealed ones, and begins another. Its id names its new
 * key. One without hits and text only gets the new id. Returns the error if Redis refuses, having sealed nothing. RENAME comes first
 * because a full Redis still does it, and then the rest.
 *
 * The batches in a segment are told by what has changed in the scores of the isolates since the last time: exactly those,
 * because Postgres subtracts what it has counted of them already. Isolates that have been silent for long are forgotten.
 *
 * Segments are numbered in their ids, because a request that is sent twice begins two of them.
 * KEYS hits, sealed, writers, writers when a segment was sealed last, visits; ARGV sealed prefix, what to make the new
 * segment's id of.
 */
export const SEAL = `${TOTAL}
local function begun(id) return tonumber(string.match(id or '', '-(%d+)$') or '') end
local function seal()
  local id, now = redis.call('HGET', KEYS[1], '${FIELD.id}'), begun(ARGV[2]) or 0
  local number = tonumber(string.match(id or '', '-(%d+)-%d+$') or '') or 0
  local following = string.gsub(ARGV[2], '-%d+$', string.format('-%.0f%%0', number + 1))
  local refused
  local function try(...)
    if refused then return end
    local reply = redis.pcall(...)
    if type(reply) == 'table' and reply.err then refused = reply end
  end
  local size, hasVisits = redis.call('HLEN', KEYS[1]), redis.call('EXISTS', KEYS[5]) == 1
  if size <= (id and 1 or 0) and not hasVisits then
    try('HSET', KEYS[1], '${FIELD.id}', following)
    return refused
  end
  local before, fields = {}, {'${FIELD.hits}', total(KEYS[1]), '${FIELD.next}', following}
  local scores = redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES')
  for i = 1, #scores, 2 do before[scores[i]] = scores[i + 1] end
  scores = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
  for i = 1, #scores, 2 do
    if before[scores[i]] ~= scores[i + 1] then
      fields[#fields + 1] = '${FIELD.isolate}' .. scores[i]
      fields[#fields + 1] = scores[i + 1]
    end
  end
  id = id or following .. '-0'
  local key = ARGV[1] .. id
  if size == 0 then redis.call('HSET', KEYS[1], '${FIELD.id}', id) end
  redis.call('RENAME', KEYS[1], key)
  if hasVisits then try('RENAME', KEYS[5], key .. '${VISITS_OF_SEALED}') end
  for i = 1, #fields, ${FIELDS_AT_ONCE} do
    try('HSET', key, unpack(fields, i, math.min(i + ${FIELDS_AT_ONCE - 1}, #fields)))
  end
  try('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', now - ${WRITER_TTL_MS}))
  try('ZUNIONSTORE', KEYS[4], 1, KEYS[3])
  try('HSET', KEYS[1], '${FIELD.id}', following)
  try('RPUSH', KEYS[2], id)
  if refused then
    redis.call('RENAME', key, KEYS[1])
    if hasVisits then redis.pcall('RENAME', key .. '${VISITS_OF_SEALED}', KEYS[5]) end
  end
  return refused
end`

/** A segment as it is in Redis. */
export interface ClaimedSegment {
  readonly id: string
  /** Link id -> hits. */
  readonly hits: ReadonlyMap<string, number>
  /** Lines that tell of these hits, as Redis holds them: see visit-lines.ts; '' = none. */
  readonly visits: string
  /** Of each isolate the newest batch in it. */
  readonly newestBatches: readonly string[]
  /** What a release must find unchanged: which time it was that this segment was sealed. */
  readonly sealing: string
}

/** Of a counter. No segment gathers as many; sums of larger ones would soon outgrow Postgres's bigint, and no flush succeed. */
const MAX_HITS = 10 ** 12

/** Malformed counters are left out. */
export function parseSegment(reply: RedisReply): ClaimedSegment {
  const [id = null, fields = null, visits = ''] = listOf(reply)
  const hits = new Map<string, number>()
  const newestBatches: string[] = []
  let sealing = ''
  const flat = listOf(fields).map(String)
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = '', value = ''] = [flat[i], flat[i + 1]]
    if (name === FIELD.next) sealing = value
    const count = Number(value)
    if (!Number.isSafeInteger(count) || count <= 0) continue
    // A link id is a bigint; whatever else got in is not a counter.
    if (/^\d{1,18}$/.test(name)) {
      if (count <= MAX_HITS) hits.set(name, count)
    } else if (name.startsWith(FIELD.isolate)) newestBatches.push(`${name.slice(1)}-${count}`)
  }
  return { id: String(id), hits, visits: String(visits ?? ''), newestBatches, sealing }
}

/**
 * @module
 * What scripts do with the change log, a stream. A key of the wrong type counts as none, and so does a log that takes no more
 * entries (its newest id is the last possible one): it is begun anew.
 */
import { listOf, type RedisClient, type RedisReply } from '../client.ts'
import { KEY_LOCKING } from './key-locking.ts'

/** Times what an entry may have: 3.9 MB of Redis at most. Isolates that missed more publications have a gap. */
const CHANGE_LOG_LENGTH = 2_000

/** What one reply brings of the log, in bytes of text: it must fit through the line of an isolate far away. */
export const MAX_NEWS_BYTES = 24 * 1024
const MAX_NEWS_ENTRIES = 500

/**
 * Lua function that reads the change log from a position: `<cursor> <seen>`, both the ids of entries and both may be
 * empty. `cursor` is the entry to read on from. `seen` is one that is known to have been there, and is later than it.
 * Returns {'news', newest id, text of each entry behind the cursor}, or
 * {'gap', newest id}: there is no cursor, the log begins behind it, or there is too much to tell; or
 * {'back', newest id}: the log has older entries than one of the two, but not that one. Entries are only ever taken off
 * its old end, so Redis has come back as it was before.
 */
export const READ_CHANGES = `
local function changes(stream, position)
  local cursor, seen = string.match(position, '^(%S*) ?(%S*)$')
  local news = cursor == '' and {} or redis.pcall('XRANGE', stream, cursor, '+', 'COUNT', ${MAX_NEWS_ENTRIES + 2})
  if news[1] and news[1][1] == cursor and #news <= ${MAX_NEWS_ENTRIES + 1} then
    local told, bytes = {'news', news[#news][1]}, 0
    for i = 2, #news do
      local fields, text = news[i][2], '*'
      for j = 1, #fields, 2 do
        if fields[j] == 'c' then text = fields[j + 1] end
      end
      if news[i][1] == seen then seen = '' end
      told[i + 1] = text
      bytes = bytes + #text
    end
    if seen == '' and bytes <= ${MAX_NEWS_BYTES} then return told end
  end
  local newest = redis.pcall('XREVRANGE', stream, '+', '-', 'COUNT', 1)
  if newest.err then redis.call('DEL', stream) end
  if not newest[1] then return {'gap', redis.call('XADD', stream, '*', 'c', '')} end
  for _, id in ipairs({cursor, seen}) do
    local last = id ~= '' and redis.call('XREVRANGE', stream, id, '-', 'COUNT', 1)[1]
    if last and last[1] ~= id then return {'back', newest[1][1]} end
  end
  return {'gap', newest[1][1]}
end`

/** Lua function that appends to the change log and keeps it to a length. Returns the new entry's id. */
export const APPEND_CHANGE = `
local function append(stream, text)
  local id = redis.pcall('XADD', stream, 'MAXLEN', '~', ${CHANGE_LOG_LENGTH}, '*', 'c', text)
  if type(id) ~= 'table' then return id end
  redis.call('DEL', stream)
  return redis.call('XADD', stream, '*', 'c', text)
end`

/**
 * Only reads the change log, for an isolate that has no hits to commit. A script without `no-writes`, because it must run on
 * Upstash's primary: a replica that lags would call an isolate in sync that is not. KEYS change log; ARGV position.
 */
export const FOLLOW_CHANGES = `${KEY_LOCKING}
${READ_CHANGES}
return changes(KEYS[1], ARGV[1])`

/** Takes a position as `READ_CHANGES` does. */
export async function readNews(
  redis: RedisClient,
  changeLog: string,
  position: string,
): Promise<ChangeLogNews> {
  return parseNews(await redis.eval(FOLLOW_CHANGES, [changeLog], [position]))
}

/** What `READ_CHANGES` returned. */
export interface ChangeLogNews {
  readonly kind: 'news' | 'gap' | 'back'
  /** '' = it does not tell. */
  readonly newest: string
  readonly texts: readonly string[]
}

/** What is malformed is a gap. */
export function parseNews(reply: RedisReply | undefined): ChangeLogNews {
  const [kind, newest, ...texts] = listOf(reply)
  if (typeof newest !== 'string' || !/^\d+-\d+$/.test(newest)) return { kind: 'gap', newest: '', texts: [] }
  return { kind: kind === 'news' || kind === 'back' ? kind : 'gap', newest, texts: texts.map(String) }
}

/**
 * Which entries the change log has. KEYS change log; ARGV the time to begin at, in ms since the epoch.
 * Returns the id of its oldest entry ('0-0' if it is so short that none was ever taken off), then the ids of all entries
 * that are not older than that time.
 */
export const LOGGED_IDS = `${KEY_LOCKING}
local length = redis.pcall('XLEN', KEYS[1])
if type(length) ~= 'number' or length == 0 then return {'0-0'} end
local isWhole = length < ${CHANGE_LOG_LENGTH}
local ids = {isWhole and '0-0' or redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1][1]}
for i, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+')) do ids[i + 1] = entry[1] end
return ids`

/** @param since milliseconds since the epoch. */
export async function loggedIds(
  redis: RedisClient,
  changeLog: string,
  since: number,
): Promise<readonly string[]> {
  return listOf(await redis.eval(LOGGED_IDS, [changeLog], [since])).map(String)
}

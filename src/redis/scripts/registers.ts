/**
 * @module
 * The scripts around registers. A register is leased, filled and published by scripts only, each of them atomic, so their
 * order alone decides what stays. A key of the wrong type counts as none and is written over. On Upstash scripts run on
 * the primary, so none of them reads what a replica has.
 */
import { SourceUnavailable } from '../../errors.ts'
import { listOf, type RedisClient } from '../client.ts'
import { refusalOf } from '../refusals.ts'
import { APPEND_CHANGE } from './changes.ts'
import { KEY_LOCKING } from './key-locking.ts'

/** The keys of a register and of its lease: the right to fill it. */
export interface RegisterKeys {
  readonly register: string
  readonly lease: string
}

/**
 * Reads a register by a plain command: on Upstash one that is billed once and that the nearest replica answers, without
 * a lock. It may lag: see `MAX_REPLICA_LAG_MS`. Resolves to the register's text, or to `null` when there is none.
 */
export async function getRegister(redis: RedisClient, register: string): Promise<string | null> {
  try {
    const text = await redis.command('GET', register)
    return typeof text === 'string' ? text : null
  } catch (error) {
    const isOfWrongType = error instanceof SourceUnavailable && refusalOf(error.cause) === 'own fault'
    if (isOfWrongType) return null
    throw error
  }
}

/** Reads many registers. KEYS registers. Returns each one's text, or nil. */
export const READ_REGISTERS = `${KEY_LOCKING}
return redis.call('MGET', unpack(KEYS))`

/** Resolves to each register's text, or to `null` when there is none. */
export async function readRegisters(
  redis: RedisClient,
  registers: readonly string[],
): Promise<readonly (string | null)[]> {
  const texts = listOf(await redis.eval(READ_REGISTERS, registers, []))
  return registers.map((_, i) => {
    const text = texts[i]
    return typeof text === 'string' ? text : null
  })
}

/**
 * Reads a register or takes the lease to load it, in one round trip (leases after Nishtala et al., "Scaling Memcache at
 * Facebook", NSDI 2013).
 * KEYS register, lease; ARGV token, lease in ms. Returns the register's text, 1 = the lease is yours, 0 = another's.
 */
export const READ_OR_LEASE = `${KEY_LOCKING}
local current = redis.pcall('GET', KEYS[1])
if type(current) == 'string' then return current end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0`

/** Resolves to the register's text; `true` = there is none, and the lease is taken; `false` = another has the lease. */
export async function readOrLease(
  redis: RedisClient,
  { register, lease }: RegisterKeys,
  token: string,
  leaseMs: number,
): Promise<string | boolean> {
  const reply = await redis.eval(READ_OR_LEASE, [register, lease], [token, leaseMs])
  return typeof reply === 'string' ? reply : reply === 1
}

/** Takes the leases of many links. KEYS leases; ARGV token, lease in ms. Returns for each 1 = yours, 0 = another's. */
export const TAKE_LEASES = `${KEY_LOCKING}
local taken = {}
for i, lease in ipairs(KEYS) do
  taken[i] = redis.call('SET', lease, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
end
return taken`

/** Resolves to whether each was taken. */
export async function leaseRegisters(
  redis: RedisClient,
  leases: readonly string[],
  token: string,
  leaseMs: number,
): Promise<readonly boolean[]> {
  const taken = listOf(await redis.eval(TAKE_LEASES, leases, [token, leaseMs]))
  return leases.map((_, i) => taken[i] === 1)
}

/**
 * Writes what was loaded from Postgres, each register only if its lease is still held: an edit deletes it, and so does
 * Redis forgetting everything, so a load from before either never lands. And never over a newer register.
 * KEYS register, lease for each; ARGV for each: token, version, register text, TTL in ms, corrupt text to write over or ''.
 * Returns for each -1 = written, 0 = not, or the newer version that stood there although the lease was held.
 */
export const FILL = `${KEY_LOCKING}
local filled = {}
for i = 1, #KEYS / 2 do
  local register, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, version, text, ttl, corrupt = unpack(ARGV, 5 * i - 4, 5 * i)
  local current = redis.pcall('GET', register)
  local found = type(current) == 'string' and string.match(current, '^(%d+):')
  local held = redis.call('GET', lease) == token
  if held then redis.call('DEL', lease) end
  filled[i] = 0
  if held and found and tonumber(found) > tonumber(version) then
    filled[i] = found
  elseif held or corrupt ~= '' and current == corrupt then
    redis.call('SET', register, text, 'PX', ttl)
    filled[i] = -1
  end
end
return filled`

export interface RegisterWrite extends RegisterKeys {
  readonly version: number
  readonly text: string
  readonly ttlMs: number
  /** Of the lease; '' = none. */
  readonly token: string
}

export interface RegisterPublication extends RegisterWrite {
  /** Its name, if the change log's entries do not tell of it, because it is new; '' = they do. */
  readonly untold: string
}

export interface RegisterFill extends RegisterWrite {
  /** The corrupt text to write over without a lease; '' = none. */
  readonly corrupt: string
}

/** Resolves to how many were written, and to the newer versions that stood where others were not. */
export async function fillRegisters(
  redis: RedisClient,
  fills: readonly RegisterFill[],
): Promise<{ readonly written: number; readonly newerVersions: readonly number[] }> {
  const reply = await redis.eval(
    FILL,
    fills.flatMap(({ register, lease }) => [register, lease]),
    fills.flatMap(({ token, version, text, ttlMs, corrupt }) => [token, version, text, ttlMs, corrupt]),
  )
  const results = listOf(reply).map(Number)
  return {
    written: results.filter((result) => result === -1).length,
    newerVersions: results.filter((result) => result > 0),
  }
}

/**
 * Publishes edits: each register unless a newer one is there ("set if not older"), no lease survives, and the change
 * log tells every isolate. Without its lease an edit only corrects an older version. Where there is none (nothing, or an
 * absent link that was filled in), the edit may be coming late, and a newer one may have expired or been forgotten.
 * A link that the entries call new is named all the same if there is a register of it: isolates may know what that says.
 * KEYS change log, then register, lease for each; ARGV for each: version, register text, TTL in ms, token or '', name if
 * the entries do not tell of it or ''; then the change log's entries.
 * Returns the id of the log's newest entry, then for each 0 if nothing newer was there, else the newer version.
 */
export const PUBLISH = `${KEY_LOCKING}
${APPEND_CHANGE}
local result, edits = {}, (#KEYS - 1) / 2
for i = 5 * edits + 1, #ARGV do result[1] = append(KEYS[1], ARGV[i]) end
for i = 1, edits do
  local register, lease = KEYS[2 * i], KEYS[2 * i + 1]
  local version, text, ttl, token, untold = unpack(ARGV, 5 * i - 4, 5 * i)
  local current = redis.pcall('GET', register)
  local found = type(current) == 'string' and string.match(current, '^(%d+):')
  local held = token ~= '' and redis.call('GET', lease) == token
  redis.call('DEL', lease)
  local isKnown = found and tonumber(found) > 0
  if untold ~= '' and isKnown then result[1] = append(KEYS[1], version .. ' ' .. untold) end
  result[i + 1] = 0
  if found and tonumber(found) > tonumber(version) then
    result[i + 1] = found
  elseif held or isKnown then
    redis.call('SET', register, text, 'PX', ttl)
  else
    redis.call('DEL', register)
  end
end
return result`

/** Resolves to the id of the log's newest entry, and for each register to the newer version that stood there, or 0. */
export async function publishRegisters(
  redis: RedisClient,
  changeLog: { readonly key: string; readonly entries: readonly string[] },
  edits: readonly RegisterPublication[],
): Promise<{ readonly logId: string; readonly newer: readonly number[] }> {
  const reply = await redis.eval(
    PUBLISH,
    [changeLog.key, ...edits.flatMap(({ register, lease }) => [register, lease])],
    [
      ...edits.flatMap(({ version, text, ttlMs, token, untold }) => [version, text, ttlMs, token, untold]),
      ...changeLog.entries,
    ],
  )
  const [logId, ...results] = listOf(reply)
  return { logId: String(logId), newer: results.map(Number) }
}

import { ABSENT_TTL_MS, VALUE_TTL_MS, withExpiry } from '../cache/freshness.ts'
import type { Registers } from '../cache/redis-tier.ts'
import type { Register } from '../cache/register.ts'
import { keyFromName, type RegisterKey, registerName } from '../links/register-key.ts'
import type { RedisClient, RedisReply } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { FOLLOW_CHANGES, LOGGED_IDS } from '../redis/scripts/changes.ts'
import { FILL, PUBLISH, READ_OR_LEASE, TAKE_LEASES } from '../redis/scripts/registers.ts'
import { encodeChanges } from './change-log.ts'
import { type Codec, decodeRegister, encodeRegister } from './codec.ts'
import { type Edit, withRegister } from './edit.ts'

export interface Published {
  /** The id of the change log's entry about these edits. */
  readonly logId: string
  /** Refused: their registers claim to be newer. Usually a later edit has been published already. */
  readonly newer: readonly { readonly key: RegisterKey; readonly newerVersion: number }[]
}

/** Every method throws `SourceUnavailable` when Redis fails. */
export interface RegisterStore {
  /** The registers of one kind of value. */
  of<Value>(codec: Codec<Value>): Registers<Value>
  /** As `Registers.takeLeases`. */
  takeLeases: Registers<unknown>['takeLeases']
  /** What stands in Redis, corrupt or not, in the order of `keys`; `null` = nothing. For reconciliation. */
  peek(keys: readonly RegisterKey[]): Promise<readonly (string | null)[]>
  /** Corrects what Redis holds and tells every isolate, in one round trip; adds only what it has the lease for. */
  publish(edits: readonly Edit[]): Promise<Published>
  /** What the change log tells from a position on, for `ChangeLogReader.receive`. */
  changes(cursor: string): Promise<RedisReply>
  /** Which entries the change log has: see `LOGGED_IDS`. */
  loggedIds(since: number): Promise<readonly string[]>
}

export interface RegisterStoreOptions {
  readonly redis: RedisClient
  readonly keys: Keys
  readonly now: () => number
  readonly random: () => number
  /** Longer than a load may take; no reader waits for it, but none fills the register meanwhile either. */
  readonly leaseMs: number
}

/** Times what an entry may have, less than 1 MB. Isolates that missed more publications have a gap. */
const CHANGE_LOG_LENGTH = 2_000
/** What publishing assumes of the load that it saved. */
const TYPICAL_LOAD_MS = 50

export function createRegisterStore({
  redis,
  keys,
  now,
  random,
  leaseMs,
}: RegisterStoreOptions): RegisterStore {
  const newToken = (): string => crypto.randomUUID()

  const takeLeases: RegisterStore['takeLeases'] = async (wanted) => {
    const token = newToken()
    const reply = await redis.eval(TAKE_LEASES, wanted.map(keys.lease), [token, leaseMs])
    const taken = Array.isArray(reply) ? reply : []
    return wanted.map((_, i) => (taken[i] === 1 ? { token, corrupt: '' } : null))
  }

  return {
    takeLeases,

    of: (codec) => ({
      takeLeases,

      async read(key) {
        const token = newToken()
        const reply = await redis.eval(READ_OR_LEASE, [keys.register(key), keys.lease(key)], [token, leaseMs])
        if (reply === 1) return { kind: 'leased', lease: { token, corrupt: '' } }
        if (typeof reply !== 'string') return { kind: 'loading' }
        const register = decodeRegister(reply, codec)
        return register === null
          ? { kind: 'leased', lease: { token: '', corrupt: reply } }
          : { kind: 'hit', register }
      },

      async fill(fills) {
        const reply = await redis.eval(
          FILL,
          fills.flatMap(({ key }) => [keys.register(key), keys.lease(key)]),
          fills.flatMap(({ register, lease: { token, corrupt } }) => {
            return [token, register.version, encodeRegister(register, codec), ttlOf(register), corrupt]
          }),
        )
        const results = Array.isArray(reply) ? reply.map(Number) : []
        return {
          written: results.filter((result) => result === -1).length,
          newerVersions: results.filter((result) => result > 0),
        }
      },
    }),

    async peek(wanted) {
      if (wanted.length === 0) return []
      const reply = await redis.command('MGET', ...wanted.map(keys.register))
      return wanted.map((_, i) => (Array.isArray(reply) && typeof reply[i] === 'string' ? reply[i] : null))
    },

    async publish(edits) {
      const reply = await redis.eval(
        PUBLISH,
        [keys.changes, ...edits.flatMap((edit) => [keys.register(edit), keys.lease(edit)])],
        [
          CHANGE_LOG_LENGTH,
          encodeChanges(edits.map((edit) => ({ name: registerName(edit), version: edit.version }))),
          ...edits.flatMap((edit) => [
            edit.version,
            ...withRegister(edit, (register, codec) => {
              const cached = withExpiry(register, TYPICAL_LOAD_MS, now(), random)
              return [encodeRegister(cached, codec), ttlOf(register)]
            }),
            edit.lease?.token ?? '',
          ]),
        ],
      )
      const [logId, ...results] = Array.isArray(reply) ? reply : []
      const newer = edits.flatMap((edit, i) => {
        const newerVersion = Number(results[i] ?? 0)
        return newerVersion > 0 ? { key: keyFromName(registerName(edit)), newerVersion } : []
      })
      return { logId: String(logId), newer }
    },

    changes: (cursor) => redis.eval(FOLLOW_CHANGES, [keys.changes], [cursor]),

    async loggedIds(since) {
      const reply = await redis.eval(LOGGED_IDS, [keys.changes], [since, CHANGE_LOG_LENGTH])
      return Array.isArray(reply) ? reply.map(String) : []
    },
  }
}

const ttlOf = ({ value }: Register<unknown>): number => (value === null ? ABSENT_TTL_MS : VALUE_TTL_MS)

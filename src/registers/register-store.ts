import { ABSENT_TTL_MS, VALUE_TTL_MS, withExpiry } from '../cache/freshness.ts'
import type { Registers } from '../cache/redis-tier.ts'
import type { CachedRegister } from '../cache/register.ts'
import { keyFromName, type RegisterKey, registerName } from '../links/register-key.ts'
import type { RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { type ChangeLogNews, loggedIds, readNews } from '../redis/scripts/changes.ts'
import {
  fillRegisters,
  getRegister,
  leaseRegisters,
  publishRegisters,
  type RegisterKeys,
  readOrLease,
  readRegisters,
} from '../redis/scripts/registers.ts'
import { type Codec, decodeRegister, encodeRegister } from './codec.ts'
import { type Edit, withRegister } from './edit.ts'
import { logEntries } from './log-entries.ts'

export interface Published {
  /** The id of the change log's newest entry about these edits. */
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
  changes(cursor: string): Promise<ChangeLogNews>
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
  const keysOf = (key: RegisterKey): RegisterKeys => ({
    register: keys.register(key),
    lease: keys.lease(key),
  })

  const takeLeases: RegisterStore['takeLeases'] = async (wanted) => {
    const token = newToken()
    const taken = await leaseRegisters(redis, wanted.map(keys.lease), token, leaseMs)
    return taken.map((isTaken) => (isTaken ? { token, corrupt: '' } : null))
  }

  return {
    takeLeases,

    of: (codec) => ({
      takeLeases,

      async get(key) {
        const text = await getRegister(redis, keys.register(key))
        return text === null ? null : decodeRegister(text, codec)
      },

      async read(key) {
        const token = newToken()
        const found = await readOrLease(redis, keysOf(key), token, leaseMs)
        if (found === true) return { kind: 'leased', lease: { token, corrupt: '' } }
        if (found === false) return { kind: 'loading' }
        const register = decodeRegister(found, codec)
        return register === null
          ? { kind: 'leased', lease: { token: '', corrupt: found } }
          : { kind: 'hit', register }
      },

      fill: (fills) =>
        fillRegisters(
          redis,
          fills.map(({ key, register, lease }) => ({
            ...keysOf(key),
            ...contentOf(register, codec),
            ...lease,
          })),
        ),
    }),

    async peek(wanted) {
      if (wanted.length === 0) return []
      return readRegisters(redis, wanted.map(keys.register))
    },

    async publish(edits) {
      const logged = edits.map((edit) => {
        return { name: registerName(edit), version: edit.version, isFirst: edit.isFirst ?? false }
      })
      const { texts, untold } = logEntries(logged)
      const { logId, newer } = await publishRegisters(
        redis,
        { key: keys.changes, entries: texts },
        edits.map((edit, i) => ({
          ...keysOf(edit),
          ...withRegister(edit, (register, codec) =>
            contentOf(withExpiry(register, TYPICAL_LOAD_MS, now(), random), codec),
          ),
          token: edit.lease?.token ?? '',
          untold: untold.has(logged[i]?.name ?? '') ? (logged[i]?.name ?? '') : '',
        })),
      )
      return {
        logId,
        newer: logged.flatMap(({ name }, i) => {
          const newerVersion = newer[i] ?? 0
          return newerVersion > 0 ? { key: keyFromName(name), newerVersion } : []
        }),
      }
    },

    changes: (position) => readNews(redis, keys.changes, position),
    loggedIds: (since) => loggedIds(redis, keys.changes, since),
  }
}

const contentOf = <Value>(register: CachedRegister<Value>, codec: Codec<Value>) => ({
  version: register.version,
  text: encodeRegister(register, codec),
  ttlMs: register.value === null ? ABSENT_TTL_MS : VALUE_TTL_MS,
})

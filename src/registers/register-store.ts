import { ABSENT_TTL_MS, cachedFor, LINK_TTL_MS } from '../cache/freshness.ts'
import { type LinkKey, linkName } from '../links/link.ts'
import type { RedisClient, RedisReply } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { FOLLOW_CHANGES, LOGGED_IDS } from '../redis/scripts/changes.ts'
import { FILL, PUBLISH, READ_OR_LEASE, TAKE_LEASES } from '../redis/scripts/registers.ts'
import { encodeChanges } from './change-log.ts'
import { type CachedRegister, decodeRegister, encodeRegister, type Register } from './register.ts'

/** The right to fill one register, until it expires or an edit takes it away. */
export interface Lease {
  readonly token: string
  /** What stood there and was no register; '' = nothing. */
  readonly corrupt: string
}

export type ReadAnswer =
  | { readonly kind: 'hit'; readonly register: CachedRegister }
  /** Nothing is there, and it is the caller's to load it and fill it in. */
  | { readonly kind: 'leased'; readonly lease: Lease }
  /** Nothing is there, and somebody else is loading it. */
  | { readonly kind: 'loading' }

export interface Fill {
  readonly key: LinkKey
  readonly register: CachedRegister
  readonly lease: Lease
}

export interface Edit {
  readonly key: LinkKey
  readonly register: Register
  /** Taken before the edit was made, and still held: it may be written where Redis has nothing. */
  readonly lease?: Lease | null
}

/** A key whose register in Redis says to be newer than what was to be written. */
export interface Newer {
  readonly key: LinkKey
  readonly newerVersion: number
}

export interface Filled {
  readonly written: number
  /** Not written, although nobody had edited them: Redis has what Postgres does not. */
  readonly newer: readonly Newer[]
}

export interface Published {
  /** The id of the change log's entry about these edits. */
  readonly logId: string
  /** Refused: usually a later edit has been published already. */
  readonly newer: readonly Newer[]
}

/** Every method throws `SourceUnavailable` when Redis fails. */
export interface RegisterStore {
  read(key: LinkKey): Promise<ReadAnswer>
  /** In the order of `keys`; `null` = somebody else holds that lease. */
  takeLeases(keys: readonly LinkKey[]): Promise<readonly (Lease | null)[]>
  /** Writes none without its lease, and none over a newer register. */
  fill(fills: readonly Fill[]): Promise<Filled>
  /** What stands in Redis, corrupt or not, in the order of `keys`; `null` = nothing. For reconciliation. */
  peek(keys: readonly LinkKey[]): Promise<readonly (string | null)[]>
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
  /** Longer than a load may take; nobody waits for it, but nobody fills the register meanwhile either. */
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
  return {
    async read(key) {
      const token = newToken()
      const reply = await redis.eval(READ_OR_LEASE, [keys.link(key), keys.lease(key)], [token, leaseMs])
      if (reply === 1) return { kind: 'leased', lease: { token, corrupt: '' } }
      if (typeof reply !== 'string') return { kind: 'loading' }
      const register = decodeRegister(reply)
      return register === null
        ? { kind: 'leased', lease: { token: '', corrupt: reply } }
        : { kind: 'hit', register }
    },

    async takeLeases(linkKeys) {
      const token = newToken()
      const reply = await redis.eval(TAKE_LEASES, linkKeys.map(keys.lease), [token, leaseMs])
      const taken = Array.isArray(reply) ? reply : []
      return linkKeys.map((_, i) => (taken[i] === 1 ? { token, corrupt: '' } : null))
    },

    async fill(fills) {
      const reply = await redis.eval(
        FILL,
        fills.flatMap(({ key }) => [keys.link(key), keys.lease(key)]),
        fills.flatMap(({ register, lease: { token, corrupt } }) => {
          return [token, register.version, encodeRegister(register), ttlOf(register), corrupt]
        }),
      )
      const results = Array.isArray(reply) ? reply.map(Number) : []
      return { written: results.filter((result) => result === -1).length, newer: newerOf(fills, results) }
    },

    async peek(linkKeys) {
      if (linkKeys.length === 0) return []
      const reply = await redis.command('MGET', ...linkKeys.map(keys.link))
      return linkKeys.map((_, i) => (Array.isArray(reply) && typeof reply[i] === 'string' ? reply[i] : null))
    },

    async publish(edits) {
      const cached = edits.map(({ register }) => cachedFor(register, TYPICAL_LOAD_MS, now(), random))
      const reply = await redis.eval(
        PUBLISH,
        [keys.changes, ...edits.flatMap(({ key }) => [keys.link(key), keys.lease(key)])],
        [
          CHANGE_LOG_LENGTH,
          encodeChanges(
            edits.map(({ key, register }) => ({ name: linkName(key), version: register.version })),
          ),
          ...cached.flatMap((register, i) => {
            return [register.version, encodeRegister(register), ttlOf(register), edits[i]?.lease?.token ?? '']
          }),
        ],
      )
      const [logId, ...results] = Array.isArray(reply) ? reply : []
      return { logId: String(logId), newer: newerOf(edits, results.map(Number)) }
    },

    changes: (cursor) => redis.eval(FOLLOW_CHANGES, [keys.changes], [cursor]),

    async loggedIds(since) {
      const reply = await redis.eval(LOGGED_IDS, [keys.changes], [since, CHANGE_LOG_LENGTH])
      return Array.isArray(reply) ? reply.map(String) : []
    },
  }
}

function newerOf(writes: readonly { readonly key: LinkKey }[], results: readonly number[]): Newer[] {
  return writes.flatMap(({ key }, i) => {
    const newerVersion = results[i] ?? 0
    return newerVersion > 0 ? { key, newerVersion } : []
  })
}

const ttlOf = ({ link }: Register): number => (link === null ? ABSENT_TTL_MS : LINK_TTL_MS)

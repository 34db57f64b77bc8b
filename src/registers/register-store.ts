import { ABSENT_TTL_MS, cachedFor, LINK_TTL_MS } from '../cache/freshness.ts'
import { type LinkKey, linkName } from '../links/link.ts'
import { listOf, type RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { type ChangeLogNews, followChanges, loggedIds } from '../redis/scripts/changes.ts'
import {
  fillRegisters,
  publishRegisters,
  type RegisterKeys,
  readOrLease,
  takeLeases,
} from '../redis/scripts/registers.ts'
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
  changes(cursor: string): Promise<ChangeLogNews>
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
  const keysOf = (key: LinkKey): RegisterKeys => ({ register: keys.link(key), lease: keys.lease(key) })
  return {
    async read(key) {
      const token = newToken()
      const found = await readOrLease(redis, keysOf(key), token, leaseMs)
      if (found === true) return { kind: 'leased', lease: { token, corrupt: '' } }
      if (found === false) return { kind: 'loading' }
      const register = decodeRegister(found)
      return register === null
        ? { kind: 'leased', lease: { token: '', corrupt: found } }
        : { kind: 'hit', register }
    },

    async takeLeases(linkKeys) {
      const token = newToken()
      const taken = await takeLeases(redis, linkKeys.map(keys.lease), token, leaseMs)
      return taken.map((isTaken) => (isTaken ? { token, corrupt: '' } : null))
    },

    async fill(fills) {
      const { written, newer } = await fillRegisters(
        redis,
        fills.map(({ key, register, lease }) => ({ ...keysOf(key), ...contentOf(register), ...lease })),
      )
      return { written, newer: newerOf(fills, newer) }
    },

    async peek(linkKeys) {
      if (linkKeys.length === 0) return []
      const texts = listOf(await redis.command('MGET', ...linkKeys.map(keys.link)))
      return linkKeys.map((_, i) => (typeof texts[i] === 'string' ? texts[i] : null))
    },

    async publish(edits) {
      const changes = edits.map(({ key, register: { version } }) => ({ name: linkName(key), version }))
      const { logId, newer } = await publishRegisters(
        redis,
        { key: keys.changes, entry: encodeChanges(changes) },
        edits.map(({ key, register, lease }) => ({
          ...keysOf(key),
          ...contentOf(cachedFor(register, TYPICAL_LOAD_MS, now(), random)),
          token: lease?.token ?? '',
        })),
      )
      return { logId, newer: newerOf(edits, newer) }
    },

    changes: (cursor) => followChanges(redis, keys.changes, cursor),
    loggedIds: (since) => loggedIds(redis, keys.changes, since),
  }
}

function newerOf(
  writes: readonly { readonly key: LinkKey }[],
  versions: readonly (number | null)[],
): Newer[] {
  return writes.flatMap(({ key }, i) => {
    const newerVersion = versions[i] ?? null
    return newerVersion === null ? [] : { key, newerVersion }
  })
}

const contentOf = (register: CachedRegister) => ({
  version: register.version,
  text: encodeRegister(register),
  ttlMs: register.link === null ? ABSENT_TTL_MS : LINK_TTL_MS,
})

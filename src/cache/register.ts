/**
 * @module
 * The versioned register, which holds what Postgres has under a key, and the right to fill one.
 */
import type { RegisterKey } from '../links/register-key.ts'

export interface Register<Value> {
  /** 0 for a key that never existed, the version of the deletion for a deleted one. */
  readonly version: number
  /** `null` = known not to exist. */
  readonly value: Value | null
}

/** A register as it is cached. */
export interface CachedRegister<Value> extends Register<Value> {
  /** From then on it is only served while it is refreshed, or when Postgres is down. Milliseconds since the epoch. */
  readonly softExpiresAt: number
  /** How long loading it took, in milliseconds: XFetch refreshes slow ones earlier. */
  readonly loadMs: number
}

/** The right to fill one register, until it expires or an edit takes it away. */
export interface Lease {
  readonly token: string
  /** What stood there and was no register; '' = nothing. */
  readonly corrupt: string
}

export type ReadResult<Value> =
  | { readonly kind: 'hit'; readonly register: CachedRegister<Value> }
  /** Nothing is there, and it is the caller's to load it and fill it in. */
  | { readonly kind: 'leased'; readonly lease: Lease }
  /** Nothing is there, and another reader is loading it. */
  | { readonly kind: 'loading' }

export interface Fill<Value> {
  readonly key: RegisterKey
  readonly register: CachedRegister<Value>
  readonly lease: Lease
}

export interface Filled {
  readonly written: number
  /** Claimed by registers that were not written over, although no edit took the lease away: Postgres has no such version. */
  readonly newerVersions: readonly number[]
}

/**
 * @module
 * Keys to the API: `lk_`, 40 letters and digits, and a checksum of 8 more; shown once, kept as a hash. The checksum lets an
 * isolate tell a key that was mistyped or made up without asking Postgres. Keys from before it was introduced lack it.
 */

import { sha256 } from '../sha256.ts'

/** What a key may do. None includes another, except that `admin` includes everything. */
export const SCOPES = ['links:read', 'links:write', 'stats:read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export interface ApiKey {
  /** A Postgres bigint in decimal. */
  readonly id: string
  readonly name: string
  /** The key's beginning, by which its owner recognizes it. */
  readonly prefix: string
  readonly scopes: readonly Scope[]
  /** `null` = every domain. */
  readonly domains: readonly string[] | null
  readonly expiresAt: Date | null
  /** A minute may lie between two uses that are noted. */
  readonly lastUsedAt: Date | null
  readonly createdAt: Date
  /** The id of the key that made it, or `admin` for an ADMIN_TOKEN; `null` = made before this was recorded. */
  readonly createdBy: string | null
  readonly revokedAt: Date | null
}

export type NewApiKey = Pick<ApiKey, 'name' | 'scopes' | 'domains' | 'expiresAt' | 'createdBy'>

/** What is kept of the key itself. */
export interface StoredKey {
  readonly prefix: string
  readonly hash: string
}

/** Every method throws `SourceUnavailable` when Postgres fails. */
export interface ApiKeyStore {
  create(key: NewApiKey, stored: StoredKey): Promise<ApiKey>
  /** Newest first, revoked ones included. */
  list(): Promise<readonly ApiKey[]>
  /** Resolves to `null` when there is no such key. */
  get(id: string): Promise<ApiKey | null>
  /**
   * Makes a key that may do the same for the same time, and lets the old one end after `overlapSeconds`. Resolves to
   * `null` for one that is not active.
   */
  rotate(id: string, createdBy: string, stored: StoredKey, overlapSeconds: number): Promise<ApiKey | null>
  /** Resolves to `null` for a hash that no key has. */
  find(hash: string): Promise<ApiKey | null>
  /** Resolves to whether there is such a key; revoking it again changes nothing. */
  revoke(id: string): Promise<boolean>
  /** Notes that a key has been used just now. */
  touch(id: string): Promise<void>
}

export const isActive = ({ revokedAt, expiresAt }: ApiKey, now: number): boolean =>
  revokedAt === null && (expiresAt === null || expiresAt.getTime() > now)

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const SECRET_LENGTH = 40
const PREFIX_LENGTH = 'lk_'.length + 8

const KEY = /^(lk_[A-Za-z0-9]{40})([0-9a-f]{8})?$/

/** Whether a text can be a key at all. */
export async function isKey(text: string): Promise<boolean> {
  const [, secret, checksum] = KEY.exec(text) ?? []
  return secret !== undefined && (checksum === undefined || checksum === (await checksumOf(secret)))
}

const checksumOf = async (secret: string): Promise<string> => (await sha256(`checksum ${secret}`)).slice(0, 8)

/** 238 bits. */
export async function generateKey(): Promise<string> {
  const unbiased = 256 - (256 % ALPHABET.length)
  let secret = ''
  while (secret.length < SECRET_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(SECRET_LENGTH))) {
      if (byte < unbiased && secret.length < SECRET_LENGTH) secret += ALPHABET[byte % ALPHABET.length]
    }
  }
  return `lk_${secret}${await checksumOf(`lk_${secret}`)}`
}

export const keyPrefix = (key: string): string => key.slice(0, PREFIX_LENGTH)

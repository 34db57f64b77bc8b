/**
 * @module
 * The versioned register: what Redis holds for one link, `"<version>:<json>"`. The version stands in front so that Lua
 * can compare it without a JSON parser.
 */

import { isWebUrl } from '../links/destination.ts'
import { SETTINGS_ID } from '../links/domain-settings.ts'
import { type Link, REDIRECT_STATUSES, type RedirectStatus } from '../links/link.ts'

export interface Register {
  /** 0 for a key that never existed, the version of the deletion for a deleted one. */
  readonly version: number
  /** `null` = known not to exist. */
  readonly link: Link | null
}

/** A register as it is cached. */
export interface CachedRegister extends Register {
  /** From then on it is only served while it is refreshed, or when Postgres is down. Milliseconds since the epoch. */
  readonly softExpiresAt: number
  /** How long loading it took, in milliseconds: XFetch refreshes slow ones earlier. */
  readonly loadMs: number
}

export function encodeRegister({ version, link, softExpiresAt, loadMs }: CachedRegister): string {
  if (link === null) return `${version}:${JSON.stringify({ link, softExpiresAt, loadMs })}`
  const { id, url, status, enabled, expiresAt, forwardQuery } = link
  const stored = { id, url, status, enabled, expiresAt, forwardQuery }
  return `${version}:${JSON.stringify({ link: stored, softExpiresAt, loadMs })}`
}

/** `null` when the text is not a register: whatever is in a cache is untrusted. */
export function decodeRegister(text: string): CachedRegister | null {
  const colon = text.indexOf(':')
  const digits = text.slice(0, Math.max(colon, 0))
  const version = Number(digits)
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(version)) return null
  const value = parseJson(text.slice(colon + 1))
  if (typeof value !== 'object' || value === null) return null
  const { link, softExpiresAt, loadMs } = value as Partial<Record<keyof CachedRegister, unknown>>
  if (typeof softExpiresAt !== 'number' || typeof loadMs !== 'number') return null
  if (link === null) return { version, link, softExpiresAt, loadMs }
  return isStoredLink(link) ? { version, link: { ...link, version }, softExpiresAt, loadMs } : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isStoredLink(value: unknown): value is Omit<Link, 'version'> {
  if (typeof value !== 'object' || value === null) return false
  const { id, url, status, enabled, expiresAt, forwardQuery } = value as Partial<Record<keyof Link, unknown>>
  return (
    typeof id === 'string' &&
    typeof url === 'string' &&
    (isWebUrl(url) || id === SETTINGS_ID) &&
    REDIRECT_STATUSES.includes(status as RedirectStatus) &&
    typeof enabled === 'boolean' &&
    (expiresAt === null || typeof expiresAt === 'number') &&
    typeof forwardQuery === 'boolean'
  )
}

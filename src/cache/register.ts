/**
 * @module
 * The versioned register: what Redis holds for one link, `"<version>:<json>"`. The version stands in front so that Lua
 * can compare it without a JSON parser.
 */
import { type Link, REDIRECT_STATUSES, type RedirectStatus } from '../links/link.ts'

export interface Register {
  /** 0 for a key that never existed, the version of the deletion for a deleted one. */
  readonly version: number
  /** `null` = known not to exist. */
  readonly link: Link | null
}

export function encodeRegister({ version, link }: Register): string {
  if (link === null) return `${version}:null`
  const { id, url, status, enabled, expiresAt, forwardQuery } = link
  return `${version}:${JSON.stringify({ id, url, status, enabled, expiresAt, forwardQuery })}`
}

/** `null` when the text is not a register: whatever is in a cache is untrusted. */
export function decodeRegister(text: string): Register | null {
  const colon = text.indexOf(':')
  const digits = text.slice(0, Math.max(colon, 0))
  const version = Number(digits)
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(version)) return null
  let value: unknown
  try {
    value = JSON.parse(text.slice(colon + 1))
  } catch {
    return null
  }
  if (value === null) return { version, link: null }
  return isStoredLink(value) ? { version, link: { ...value, version } } : null
}

function isStoredLink(value: unknown): value is Omit<Link, 'version'> {
  if (typeof value !== 'object' || value === null) return false
  const { id, url, status, enabled, expiresAt, forwardQuery } = value as Partial<Record<keyof Link, unknown>>
  return (
    typeof id === 'string' &&
    typeof url === 'string' &&
    REDIRECT_STATUSES.includes(status as RedirectStatus) &&
    typeof enabled === 'boolean' &&
    (expiresAt === null || typeof expiresAt === 'number') &&
    typeof forwardQuery === 'boolean'
  )
}

import { isWebUrl } from '../links/destination.ts'
import { type Link, REDIRECT_STATUSES } from '../links/link.ts'
import type { Codec } from './codec.ts'

/** What a redirect needs, and caches hold, of a link that may be an owner's record. */
export function linkOnly({ id, url, status, enabled, expiresAt, forwardQuery, version }: Link): Link {
  return { id, url, status, enabled, expiresAt, forwardQuery, version }
}

export const linkCodec: Codec<Link> = {
  field: 'link',

  encode(link) {
    // It stands in front of the text.
    const { version: _, ...value } = linkOnly(link)
    return value
  },

  decode({ id, url, status: number, enabled, expiresAt, forwardQuery }, version) {
    const status = REDIRECT_STATUSES.find((known) => known === number)
    const isValid =
      typeof id === 'string' &&
      typeof url === 'string' &&
      isWebUrl(url) &&
      status !== undefined &&
      typeof enabled === 'boolean' &&
      (expiresAt === null || typeof expiresAt === 'number') &&
      typeof forwardQuery === 'boolean'
    return isValid ? { id, url, status, enabled, expiresAt, forwardQuery, version } : null
  },
}

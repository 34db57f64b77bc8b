import { isWebUrl } from '../links/destination.ts'
import { type Link, REDIRECT_STATUSES } from '../links/link.ts'
import type { Codec } from './codec.ts'

export const linkCodec: Codec<Link> = {
  field: 'link',

  encode: ({ id, url, status, enabled, expiresAt, forwardQuery }) => {
    return { id, url, status, enabled, expiresAt, forwardQuery }
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

import { isWebUrl } from '../links/destination.ts'
import { DEFAULT_SETTINGS, type VersionedSettings } from '../links/domain-settings.ts'
import { REDIRECT_STATUSES } from '../links/link.ts'
import type { Codec } from './codec.ts'

/** What is not valid in it counts as not set: one bad URL does not cost a domain its other settings. */
export const settingsCodec: Codec<VersionedSettings> = {
  field: 'settings',

  encode: ({ rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots, respectsOptOut, geography }) => {
    return { rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots, respectsOptOut, geography }
  },

  decode: ({ rootUrl, notFoundUrl, expiredUrl, defaultStatus, robots, ...visits }, version) => ({
    rootUrl: webUrl(rootUrl),
    notFoundUrl: webUrl(notFoundUrl),
    expiredUrl: webUrl(expiredUrl),
    defaultStatus:
      REDIRECT_STATUSES.find((known) => known === defaultStatus) ?? DEFAULT_SETTINGS.defaultStatus,
    robots: robots === 'disallow' ? robots : 'allow',
    // A register of an older version lacks both.
    respectsOptOut: visits.respectsOptOut !== false,
    geography: visits.geography === true,
    version,
  }),
}

const webUrl = (value: unknown): string | null =>
  typeof value === 'string' && isWebUrl(value) ? value : null

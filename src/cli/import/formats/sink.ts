import type { JsonFormat } from './format.ts'
import { PROTECTED } from './short-url.ts'

/** Sink's dashboard export, pages of `GET /api/link/export`, or a backup from R2. Its times are Unix seconds. */
export const sink: JsonFormat = {
  name: 'sink',
  label: 'Sink JSON ({"links": [{"slug", "url", "comment", ...}]})',
  caveats: [
    'Click totals do not come along: Sink keeps them in Analytics Engine. Links with a password are rejected.',
    'Sink ignores capitals in codes unless told otherwise, linkr does not: /Sale is another link than /sale.',
    'Links that do not say whether they pass query strings on are taken not to, as in a Sink that was not told otherwise.',
  ],
  forwardsQuery: false,
  namesHosts: false,
  marks: ['slug', 'url'],
  reads: [
    ...['url', 'slug', 'title', 'comment', 'tags', 'createdAt', 'expiration'],
    ...['redirectWithQuery', 'password'],
    ...['id', 'updatedAt'],
  ],
  lost: {
    geo: 'routing by country',
    apple: 'App Store redirect',
    google: 'Google Play redirect',
    cloaking: 'cloaking',
    unsafe: 'warning page',
    description: 'description of the preview card',
    image: 'image of the preview card',
  },
  missing: ({ counted, isLast }, items) => {
    if (counted > items) return `holds ${items} of ${counted} links`
    return isLast === false ? 'ends with a page that is not the last one (list_complete is false)' : undefined
  },
  toRaw(row) {
    return {
      url: row.url,
      code: row.slug,
      title: row.title || row.comment || undefined,
      tags: row.tags,
      createdAt: row.createdAt,
      expiresAt: row.expiration,
      forwardQuery: row.redirectWithQuery,
      lost: row.title && row.comment ? ['comment'] : [],
      ...(row.password ? PROTECTED : {}),
    }
  },
}

import type { JsonFormat } from './format.ts'
import { PROTECTED, splitShortUrl } from './short-url.ts'

/** Pages of Kutt's `GET /api/v2/links`, or an admin's `/links/admin`, one or several after each other. */
export const kutt: JsonFormat = {
  name: 'kutt',
  label: 'Kutt JSON ({"data": [{"address", "target", "description", ...}]})',
  caveats: [
    'The statistics of single visits do not come along. Banned links arrive disabled, those with a password are rejected.',
    'Both tell capitals from small letters in codes; only a Kutt over MySQL ignores them.',
  ],
  forwardsQuery: false,
  namesHosts: true,
  marks: ['address', 'target'],
  reads: [
    ...['address', 'target', 'domain', 'link', 'description', 'created_at', 'expire_in'],
    ...['visit_count', 'banned'],
    ...['password', 'id', 'updated_at', 'domain_id', 'user_id', 'uuid', 'email', 'banned_by_id'],
    ...['relative_created_at', 'relative_expire_in'],
  ],
  missing: ({ total }, items) =>
    total > items ? `holds ${items} of the ${total} links that Kutt counts: pages are missing` : undefined,
  toRaw(row) {
    const isProtected = row.password === true || (typeof row.password === 'string' && row.password !== '')
    return {
      url: row.target,
      code: row.address,
      domain: row.domain ?? hostOf(row.link),
      title: row.description || undefined,
      createdAt: row.created_at,
      expiresAt: row.expire_in,
      hits: row.visit_count,
      enabled: row.banned === true || row.banned === 1 ? false : undefined,
      ...(isProtected ? PROTECTED : {}),
    }
  },
}

/** Links of the default domain name it only in their short URL, which admins get in parts. */
function hostOf(link: unknown): string | undefined {
  const url = typeof link === 'object' && link !== null && 'url' in link ? link.url : link
  return typeof url === 'string' ? splitShortUrl(url).domain : undefined
}

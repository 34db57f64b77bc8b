import { and, arrayContains, eq, gt, ilike, inArray, isNull, lte, or, type SQL, sql } from 'drizzle-orm'
import type { LinkFilter } from '../owners/link-filter.ts'
import { SEARCH_TEXT } from './expressions.ts'
import { links } from './schema.ts'

/** A condition on a row of `links`; `undefined` = none. */
export function matches({ ids, domains, code, tags = [], q, enabled, expired }: LinkFilter): SQL | undefined {
  return and(
    ids && inArray(links.id, ids.map(BigInt)),
    domains && inArray(links.domain, domains),
    code === undefined ? undefined : eq(links.code, code),
    tags.length === 0 ? undefined : arrayContains(links.tags, tags),
    q === undefined ? undefined : ilike(SEARCH_TEXT, `%${q.replace(/[\\%_]/g, '\\$&')}%`),
    // Written like this, and not as `enabled = $1`, for the partial index.
    enabled === undefined ? undefined : enabled ? sql`${links.enabled}` : sql`NOT ${links.enabled}`,
    expired === true ? lte(links.expiresAt, NOW) : undefined,
    expired === false ? or(isNull(links.expiresAt), gt(links.expiresAt, NOW)) : undefined,
  )
}

const NOW = sql`now()`

/**
 * Whether an index finds the links even if they are few. Trigrams are made of letters and digits in a row; which others
 * than ASCII's Postgres takes for letters depends on its locale.
 */
export function isIndexed({ ids, domains, code, tags = [], q, enabled, expired }: LinkFilter): boolean {
  return (
    ids !== undefined ||
    domains !== undefined ||
    code !== undefined ||
    tags.length > 0 ||
    (q !== undefined && /[a-z0-9]{3}/i.test(q)) ||
    enabled === false ||
    expired === true
  )
}

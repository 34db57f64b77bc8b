import { type SQL, sql } from 'drizzle-orm'
import type { LinkFilter } from '../owners/link-filter.ts'
import { SEARCH_TEXT } from './expressions.ts'
import { textArray } from './text-array.ts'

/** A condition on a row of `links`; `null` = none. */
export function matches({ ids, domains, code, tags = [], q, enabled, expired }: LinkFilter): SQL | null {
  const conditions: SQL[] = []
  if (ids !== undefined) conditions.push(sql`id = ANY(${sql.param([...ids])}::bigint[])`)
  if (domains !== undefined) {
    const [only = ''] = domains
    conditions.push(domains.length === 1 ? sql`domain = ${only}` : sql`domain = ANY(${textArray(domains)})`)
  }
  if (code !== undefined) conditions.push(sql`code = ${code}`)
  if (tags.length > 0) conditions.push(sql`tags @> ${textArray(tags)}`)
  if (q !== undefined) conditions.push(sql`${SEARCH_TEXT} ILIKE ${`%${q.replace(/[\\%_]/g, '\\$&')}%`}`)
  // Written like this, and not as `enabled = $1`, for the partial index.
  if (enabled !== undefined) conditions.push(enabled ? sql`enabled` : sql`NOT enabled`)
  if (expired === true) conditions.push(sql`expires_at <= now()`)
  if (expired === false) conditions.push(sql`(expires_at IS NULL OR expires_at > now())`)
  return conditions.length === 0 ? null : sql.join(conditions, sql` AND `)
}

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

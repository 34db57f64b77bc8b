import { type SQL, sql } from 'drizzle-orm'
import { MAX_TAGS } from '../links/link.ts'
import type { LinkChanges, LinkFields } from '../owners/link-fields.ts'
import { textArray } from './text-array.ts'

/** A deleted row as `links` would have it, with the version of the deletion. */
export const AS_DELETED = sql`id, domain, code, url, status, enabled, expires_at, forward_query, title, tags, created_at,
  updated_at, nextval('link_version_seq') AS version`

const COLUMNS = {
  domain: 'domain',
  code: 'code',
  url: 'url',
  status: 'status',
  enabled: 'enabled',
  expiresAt: 'expires_at',
  forwardQuery: 'forward_query',
  title: 'title',
  tags: 'tags',
} as const satisfies Record<keyof LinkFields | 'domain' | 'code', string>

function columnsOf(changes: LinkChanges): { readonly column: SQL; readonly value: SQL }[] {
  const { expiresAt, ...plain } = changes
  const values = {
    domain: plain.domain !== undefined && sql`${plain.domain}::text`,
    code: plain.code !== undefined && sql`${plain.code}::text`,
    url: plain.url !== undefined && sql`${plain.url}::text`,
    status: plain.status !== undefined && sql`${plain.status}::smallint`,
    enabled: plain.enabled !== undefined && sql`${plain.enabled}::boolean`,
    expiresAt: expiresAt !== undefined && sql`${expiresAt?.toISOString() ?? null}::timestamptz`,
    forwardQuery: plain.forwardQuery !== undefined && sql`${plain.forwardQuery}::boolean`,
    title: plain.title !== undefined && sql`${plain.title}::text`,
    tags: tagsOf(changes),
  } satisfies Record<keyof typeof COLUMNS, SQL | false>
  return Object.entries(values).flatMap(([field, value]) =>
    value === false ? [] : [{ column: sql.raw(COLUMNS[field as keyof typeof COLUMNS]), value }],
  )
}

/** In their order, each once; those to be added last. */
function tagsOf({ tags, addTags = [], removeTags = [] }: LinkChanges): SQL | false {
  if (tags !== undefined) return textArray(tags)
  if (addTags.length + removeTags.length === 0) return false
  return sql`ARRAY(
    SELECT tag FROM unnest(tags || ${textArray(addTags)}) WITH ORDINALITY AS listed (tag, place)
    WHERE place > cardinality(tags) OR tag <> ALL(${textArray(removeTags)}) GROUP BY tag ORDER BY min(place))`
}

/** For SET: the changes, and what changes with every write. */
export function assignments(changes: LinkChanges): SQL {
  const changed = columnsOf(changes).map(({ column, value }) => sql`${column} = ${value}`)
  return sql.join([...changed, sql`updated_at = now()`, sql`version = nextval('link_version_seq')`], sql`, `)
}

/** Whether a row is not yet as `changes` would have it. To add or remove no tags changes nothing. */
export function differs(changes: LinkChanges): SQL {
  const differences = columnsOf(changes).map(({ column, value }) => sql`${column} IS DISTINCT FROM ${value}`)
  return sql.join([sql`FALSE`, ...differences], sql` OR `)
}

/** Whether a row would not get too many tags. */
export function hasRoom(changes: LinkChanges): SQL {
  const tags = tagsOf(changes)
  return tags === false || changes.addTags === undefined
    ? sql`TRUE`
    : sql`cardinality(${tags}) <= ${MAX_TAGS}`
}

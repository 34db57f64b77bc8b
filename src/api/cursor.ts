import type { LinkListQuery, ListPosition } from '../links/link-list.ts'
import { sha256 } from '../sha256.ts'
import { Problem } from './problem.ts'

/** A query without what may differ from page to page. */
export type ListedQuery = Pick<LinkListQuery, 'filter' | 'sort' | 'order'>

/** A position as clients see it: opaque, and good for the query that it came from. */
export async function encodeCursor(position: ListPosition, query: ListedQuery): Promise<string> {
  return toBase64Url(JSON.stringify([await fingerprint(query), position.key, position.id]))
}

/** @throws {Problem} 422 for what `encodeCursor` did not make for this query. */
export async function decodeCursor(cursor: string, query: ListedQuery): Promise<ListPosition> {
  const parts: unknown = parse(cursor)
  const [print, key, id] = Array.isArray(parts) ? parts : []
  if (typeof key !== 'string' || typeof id !== 'string' || !isPosition({ key, id }, query)) {
    throw invalid('is none that this API gave out')
  }
  if (print !== (await fingerprint(query))) throw invalid('belongs to a query with other filters or order')
  return { key, id }
}

async function fingerprint({ filter, sort, order }: ListedQuery): Promise<string> {
  const { domains, code, tags, q, enabled, expired } = filter
  return (await sha256(JSON.stringify([domains, code, tags, q, enabled, expired, sort, order]))).slice(0, 8)
}

/** Postgres must be able to read it. */
function isPosition({ key, id }: ListPosition, { sort }: ListedQuery): boolean {
  const isKey = sort === 'hits' ? isBigint(key) : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(key)
  return isKey && isBigint(id) && (sort === 'hits' || !Number.isNaN(Date.parse(key)))
}

const isBigint = (text: string): boolean => /^\d{1,18}$/.test(text)

function invalid(message: string): Problem {
  const detail = 'The cursor cannot be used: leave it out to start from the beginning.'
  return new Problem(422, 'invalid_cursor', detail, [{ path: 'cursor', message }])
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')))
  } catch {
    return undefined
  }
}

function toBase64Url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

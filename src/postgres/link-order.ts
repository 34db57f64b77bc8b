import { eq, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { LinkListQuery } from '../owners/link-pages.ts'
import { TOTAL_HITS, TOTAL_PEOPLE } from './expressions.ts'
import { linkHits, links } from './schema.ts'

/** One way to sort links. `sort_key` is what it sorts by; links with the same one are sorted by id. */
export interface LinkOrder {
  /** Rows of `links` with `sort_key`, from a position on, by an index: stops early under a LIMIT. */
  ordered(limit: number, domain: string | null): SQL
  /** `sort_key` of a row of `links`. */
  readonly sortKey: SQLWrapper
  /** A condition on `sort_key` and `id`; TRUE without a position. */
  readonly isAfter: SQL
  /** What ORDER BY is given. */
  readonly orderBy: SQL
  /** `sort_key` as a position holds it. */
  readonly asText: SQL
}

interface Sort {
  /** Of a row of `rows`, and indexed together. */
  readonly key: SQLWrapper
  readonly id: SQLWrapper
  readonly rows: SQL
  readonly type: SQL
  readonly sortKey: SQLWrapper
  readonly asText: SQL
}

const byTime = (column: typeof links.createdAt | typeof links.updatedAt): Sort => ({
  key: column,
  id: links.id,
  rows: sql`${links}`,
  type: sql`timestamptz`,
  sortKey: column,
  asText: sql`to_char(sort_key AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
})

/** @param total an expression that is indexed. */
const byTotal = (total: SQL): Sort => ({
  key: total,
  id: linkHits.linkId,
  // Every link has its row of `link_hits`, also without hits.
  rows: sql`${linkHits} JOIN ${links} ON ${links.id} = ${linkHits.linkId}`,
  type: sql`bigint`,
  sortKey: sql`(SELECT ${total} FROM ${linkHits} WHERE ${linkHits.linkId} = ${links.id})`,
  asText: sql`sort_key::text`,
})

const SORTS: Readonly<Record<LinkListQuery['sort'], Sort>> = {
  createdAt: byTime(links.createdAt),
  updatedAt: byTime(links.updatedAt),
  hits: byTotal(TOTAL_HITS),
  people: byTotal(TOTAL_PEOPLE),
}

export function linkOrder({ sort, order, after }: LinkListQuery): LinkOrder {
  const { key, id, rows, type, sortKey, asText } = SORTS[sort]
  const direction = sql.raw(order === 'asc' ? 'ASC' : 'DESC')
  const beyond = sql.raw(order === 'asc' ? '>' : '<')
  const isAfter = (sortedBy: SQLWrapper, idOf: SQLWrapper): SQL =>
    after === null
      ? sql`TRUE`
      : sql`(${sortedBy}, ${idOf}) ${beyond} (${after.key}::${type}, ${after.id}::bigint)`
  return {
    ordered: (limit, domain) => sql`
      SELECT ${links}.*, ${key} AS sort_key FROM ${rows}
      WHERE ${isAfter(key, id)} AND ${domain === null ? sql`TRUE` : eq(links.domain, domain)}
      ORDER BY ${key} ${direction}, ${id} ${direction} LIMIT ${limit}`,
    sortKey,
    isAfter: isAfter(sql`sort_key`, sql`id`),
    orderBy: sql`sort_key ${direction}, id ${direction}`,
    asText,
  }
}

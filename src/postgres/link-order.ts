import { type SQL, sql } from 'drizzle-orm'
import type { LinkListQuery, ListPosition } from '../owners/link-pages.ts'
import { TOTAL_HITS } from './expressions.ts'

/** One way to sort links. `sort_key` is what it sorts by; links with the same one are sorted by id. */
export interface LinkOrder {
  /** Rows of `links` with `sort_key`, from a position on, by an index: stops early under a LIMIT. */
  ordered(limit: number, domain: string | null): SQL
  /** `sort_key` of a row of `links`. */
  readonly sortKey: SQL
  /** A condition on `sort_key` and `id`; TRUE without a position. */
  readonly isAfter: SQL
  /** What ORDER BY is given. */
  readonly orderBy: SQL
  /** `sort_key` as a position holds it. */
  readonly asText: SQL
}

export function linkOrder({ sort, order, after }: LinkListQuery): LinkOrder {
  const direction = sql.raw(order === 'asc' ? 'ASC' : 'DESC')
  const beyond = sql.raw(order === 'asc' ? '>' : '<')
  return sort === 'hits'
    ? byHits(direction, beyond, after)
    : byTime(sort === 'createdAt' ? sql.raw('created_at') : sql.raw('updated_at'), direction, beyond, after)
}

function byTime(column: SQL, direction: SQL, beyond: SQL, after: ListPosition | null): LinkOrder {
  const isAfter = (key: SQL) =>
    after === null ? sql`TRUE` : sql`(${key}, id) ${beyond} (${after.key}::timestamptz, ${after.id}::bigint)`
  return {
    ordered: (limit, domain) => sql`
      SELECT links.*, ${column} AS sort_key FROM links
      WHERE ${isAfter(column)} AND ${domain === null ? sql`TRUE` : sql`domain = ${domain}`}
      ORDER BY ${column} ${direction}, id ${direction} LIMIT ${limit}`,
    sortKey: column,
    isAfter: isAfter(sql`sort_key`),
    orderBy: sql`sort_key ${direction}, id ${direction}`,
    asText: sql`to_char(sort_key AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  }
}

/** Every link has its row of `link_hits`, also without hits. */
function byHits(direction: SQL, beyond: SQL, after: ListPosition | null): LinkOrder {
  const isAfter = (key: SQL, id: SQL) =>
    after === null ? sql`TRUE` : sql`(${key}, ${id}) ${beyond} (${after.key}::bigint, ${after.id}::bigint)`
  return {
    ordered: (limit, domain) => sql`
      SELECT links.*, ${TOTAL_HITS} AS sort_key FROM link_hits JOIN links ON id = link_id
      WHERE ${isAfter(TOTAL_HITS, sql`link_id`)} AND ${domain === null ? sql`TRUE` : sql`domain = ${domain}`}
      ORDER BY ${TOTAL_HITS} ${direction}, link_id ${direction} LIMIT ${limit}`,
    sortKey: sql`(SELECT ${TOTAL_HITS} FROM link_hits WHERE link_id = id)`,
    isAfter: isAfter(sql`sort_key`, sql`id`),
    orderBy: sql`sort_key ${direction}, id ${direction}`,
    asText: sql`sort_key::text`,
  }
}

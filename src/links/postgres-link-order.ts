import { type SQL, sql } from 'drizzle-orm'
import { TOTAL_HITS } from '../db/expressions.ts'
import type { LinkListQuery, ListPosition } from './link-list.ts'

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
    ? byHits(order, direction, beyond, after)
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

/** Links with hits come from the index on `link_hits`, the others, of which many have no row there, from `links`. */
function byHits(
  order: LinkListQuery['order'],
  direction: SQL,
  beyond: SQL,
  after: ListPosition | null,
): LinkOrder {
  const hit = (limit: number) => sql`(
    SELECT links.*, ${TOTAL_HITS} AS sort_key FROM link_hits JOIN links ON id = link_id
    WHERE ${TOTAL_HITS} > 0 AND ${
      after === null
        ? sql`TRUE`
        : sql`(${TOTAL_HITS}, link_id) ${beyond} (${after.key}::bigint, ${after.id}::bigint)`
    }
    ORDER BY ${TOTAL_HITS} ${direction}, link_id ${direction} LIMIT ${limit})`
  const unhit = (limit: number) => sql`(
    SELECT links.*, 0::bigint AS sort_key FROM links
    WHERE NOT EXISTS (SELECT FROM link_hits WHERE link_id = id AND ${TOTAL_HITS} > 0)
      AND ${after?.key === '0' ? sql`id ${beyond} ${after.id}::bigint` : sql`TRUE`}
    ORDER BY id ${direction} LIMIT ${limit})`
  const parts =
    order === 'desc'
      ? after?.key === '0'
        ? [unhit]
        : [hit, unhit]
      : after === null || after.key === '0'
        ? [unhit, hit]
        : [hit]
  return {
    ordered: (limit, domain) => sql`
      SELECT * FROM (${sql.join(
        parts.map((part) => part(limit)),
        sql` UNION ALL `,
      )}) AS links
      WHERE ${domain === null ? sql`TRUE` : sql`domain = ${domain}`} LIMIT ${limit}`,
    sortKey: sql`coalesce((SELECT ${TOTAL_HITS} FROM link_hits WHERE link_id = id), 0)`,
    isAfter:
      after === null ? sql`TRUE` : sql`(sort_key, id) ${beyond} (${after.key}::bigint, ${after.id}::bigint)`,
    orderBy: sql`sort_key ${direction}, id ${direction}`,
    asText: sql`sort_key::text`,
  }
}

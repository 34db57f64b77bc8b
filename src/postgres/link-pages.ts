import { and, inArray, type SQL, sql } from 'drizzle-orm'
import type { LinkListQuery, LinkPage, LinkPages, ListPosition } from '../owners/link-pages.ts'
import type { Database } from './client.ts'
import { appliedAmong, COUNTED_HITS } from './counted-hits.ts'
import { TOTAL_HITS } from './expressions.ts'
import { LINK_COLUMNS } from './link-columns.ts'
import { isIndexed, matches } from './link-filter.ts'
import { linkOrder } from './link-order.ts'
import { decodeRow, type RawRow, toLinkRecord } from './link-row.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { linkHits, links } from './schema.ts'

type PageRow = {
  readonly links: readonly (RawRow & { readonly position: string })[]
  readonly edge: ListPosition | null
}

export function postgresLinkPages(database: Database): LinkPages {
  return {
    async page(query) {
      const [, { rows }] = await database.run((db) =>
        db.batch([db.execute(PLANNER_SETTINGS), db.execute<PageRow>(pageStatement(query))]),
      )
      const { links = [], edge = null } = rows[0] ?? {}
      return toPage(query, links, edge)
    },

    async hits(linkIds, pendingSegments) {
      const rows = await database.run((db) =>
        db
          .select({ id: linkHits.linkId, ...COUNTED_HITS, applied: appliedAmong(db, pendingSegments) })
          .from(sql`(SELECT) AS one`)
          .leftJoin(linkHits, inArray(linkHits.linkId, linkIds.map(BigInt))),
      )
      const counted = rows.flatMap(({ id, applied: _, ...hits }) =>
        id === null ? [] : [[String(id), hits] as const],
      )
      return { links: new Map(counted), appliedSegments: rows[0]?.applied ?? [] }
    },
  }
}

const COLUMNS = {
  ...LINK_COLUMNS,
  ...{ hits: linkHits.hits, bots: linkHits.bots, lastHitAt: linkHits.lastHitAt },
}

function toPage({ limit }: LinkListQuery, rows: PageRow['links'], edge: PageRow['edge']): LinkPage {
  const shown = rows.slice(0, limit).map((row) => {
    const { hits, bots, lastHitAt, ...link } = decodeRow(COLUMNS, row)
    return { ...toLinkRecord(link), hits, people: hits - bots, lastHitAt }
  })
  const last = rows[limit - 1]
  const isFull = rows.length > limit && last !== undefined
  return { links: shown, next: isFull ? { key: last.position, id: String(last.id) } : edge }
}

/** One row: the page and one link more, and where a search stopped (`edge`). */
export function pageStatement(query: LinkListQuery): SQL {
  const { asText, orderBy } = linkOrder(query)
  return sql`
    WITH ${findLinks(query)}
    SELECT
      (SELECT coalesce(json_agg(page ORDER BY ${orderBy}), '[]') FROM (
        SELECT *, ${asText} AS position,
          coalesce((SELECT ${TOTAL_HITS} FROM ${linkHits} WHERE link_id = id), 0) AS hits,
          coalesce((SELECT bots FROM ${linkHits} WHERE link_id = id), 0) AS bots,
          (SELECT last_hit_at FROM ${linkHits} WHERE link_id = id) AS last_hit_at
        FROM found) AS page) AS links,
      (SELECT json_build_object('key', ${asText}, 'id', id::text) FROM edge) AS edge`
}

const BY_TOTAL: ReadonlySet<LinkListQuery['sort']> = new Set(['hits', 'people'])

/**
 * The tables `found` and `edge`. Most filters match many links, and walking the links in their order soon finds a page
 * of them. Some match few, and an index finds all of those. Which it is, statistics often get wrong (the links of one
 * import lie together), so the walk is tried first, but not for long.
 */
function findLinks(query: LinkListQuery): SQL {
  const { filter, limit } = query
  const { ordered, isAfter, orderBy, sortKey } = linkOrder(query)
  const wanted = limit + 1
  // One domain by creation has an index of its own to walk.
  const domain =
    query.sort === 'createdAt' && filter.domains?.length === 1 ? (filter.domains[0] ?? null) : null
  const rest = domain === null ? filter : { ...filter, domains: undefined }
  const condition = matches(rest)
  const noEdge = sql`edge AS (SELECT NULL::timestamptz AS sort_key, NULL::bigint AS id WHERE FALSE)`

  if (condition === undefined) return sql`found AS MATERIALIZED (${ordered(wanted, domain)}), ${noEdge}`

  // OFFSET 0 keeps the planner from walking in the order of the page after all.
  const all = sql`
    SELECT * FROM (SELECT ${links}.*, ${sortKey} AS sort_key FROM ${links} WHERE ${and(matches(filter), sql`TRUE`)} OFFSET 0) AS links
    WHERE ${isAfter}`
  if (filter.code !== undefined || filter.ids !== undefined) {
    return sql`found AS MATERIALIZED (${all} ORDER BY ${orderBy} LIMIT ${wanted}), ${noEdge}`
  }
  const indexed = isIndexed(rest)
  // A step by a total visits two tables in random order.
  const steps = !indexed ? 20_000 : BY_TOTAL.has(query.sort) ? 500 + 5 * wanted : 4_000 + 16 * wanted
  return sql`
    walk AS MATERIALIZED (
      SELECT * FROM (${ordered(steps, domain)}) AS links WHERE ${condition} LIMIT ${wanted}
    ), stop AS MATERIALIZED (
      SELECT sort_key, id FROM (${ordered(steps, domain)}) AS links
      WHERE (SELECT count(*) FROM walk) < ${wanted} OFFSET ${steps - 1}
    ), ${
      indexed
        ? sql`found AS MATERIALIZED (
            SELECT * FROM walk WHERE NOT EXISTS (SELECT FROM stop)
            UNION ALL (${all} AND EXISTS (SELECT FROM stop) ORDER BY ${orderBy} LIMIT ${wanted})
          ), ${noEdge}`
        : sql`found AS (SELECT * FROM walk), edge AS (SELECT * FROM stop)`
    }`
}

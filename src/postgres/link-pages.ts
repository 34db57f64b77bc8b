import { type SQL, sql } from 'drizzle-orm'
import type { LinkListQuery, LinkPage, LinkPages, ListPosition } from '../owners/link-pages.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { type HitsRow, hitsFromRow } from './hits-row.ts'
import { isIndexed, matches } from './link-filter.ts'
import { linkOrder } from './link-order.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { textArray } from './text-array.ts'

interface PageRow {
  readonly links: readonly (LinkRow & HitsRow & { readonly position: string })[]
  readonly edge: ListPosition | null
}

export function postgresLinkPages(database: Database): LinkPages {
  return {
    async page(query) {
      const rows = await database.executeAfter<PageRow>(PLANNER_SETTINGS, pageStatement(query))
      const { links = [], edge = null } = rows[0] ?? {}
      return toPage(query, links, edge)
    },

    async hits(linkIds, pendingSegments) {
      const [row] = await database.execute<{ hits: Record<string, HitsRow>; applied: readonly string[] }>(sql`
        SELECT ARRAY(SELECT id FROM hit_batches WHERE id = ANY(${textArray(pendingSegments)})) AS applied, (
          SELECT coalesce(json_object_agg(link_id, json_build_object(
            'hits', ${TOTAL_HITS}, 'last_hit_at', last_hit_at)), '{}')
          FROM link_hits WHERE link_id = ANY(${sql.param([...linkIds])}::bigint[])
        ) AS hits`)
      const links = Object.entries(row?.hits ?? {}).map(([id, hits]) => [id, hitsFromRow(hits)] as const)
      return { links: new Map(links), appliedSegments: row?.applied ?? [] }
    },
  }
}

function toPage({ limit }: LinkListQuery, rows: PageRow['links'], edge: PageRow['edge']): LinkPage {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const isFull = rows.length > limit && last !== undefined
  return {
    links: shown.map((row) => ({ ...linkFromRow({ ...row, id: String(row.id) }), ...hitsFromRow(row) })),
    next: isFull ? { key: last.position, id: String(last.id) } : edge,
  }
}

/** One row: the page and one link more, and where a search stopped (`edge`). */
export function pageStatement(query: LinkListQuery): SQL {
  const { asText, orderBy } = linkOrder(query)
  return sql`
    WITH ${findLinks(query)}
    SELECT
      (SELECT coalesce(json_agg(page ORDER BY ${orderBy}), '[]') FROM (
        SELECT *, ${asText} AS position,
          (SELECT ${TOTAL_HITS} FROM link_hits WHERE link_id = id) AS hits,
          (SELECT last_hit_at FROM link_hits WHERE link_id = id) AS last_hit_at
        FROM found) AS page) AS links,
      (SELECT json_build_object('key', ${asText}, 'id', id::text) FROM edge) AS edge`
}

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

  if (condition === null) return sql`found AS MATERIALIZED (${ordered(wanted, domain)}), ${noEdge}`

  // OFFSET 0 keeps the planner from walking in the order of the page after all.
  const all = sql`
    SELECT * FROM (SELECT links.*, ${sortKey} AS sort_key FROM links WHERE ${matches(filter) ?? sql`TRUE`} OFFSET 0) AS links
    WHERE ${isAfter}`
  if (filter.code !== undefined || filter.ids !== undefined) {
    return sql`found AS MATERIALIZED (${all} ORDER BY ${orderBy} LIMIT ${wanted}), ${noEdge}`
  }
  const indexed = isIndexed(rest)
  // A step by hits visits two tables in random order.
  const steps = !indexed ? 20_000 : query.sort === 'hits' ? 500 + 5 * wanted : 4_000 + 16 * wanted
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

import { and, asc, between, desc, inArray, type SQL, sql } from 'drizzle-orm'
import type { LoggedVisit, MissesQuery, VisitLog, VisitPosition, VisitsQuery } from '../owners/visit-log.ts'
import { DIMENSION_NAMES, type VisitValues } from '../visits/visit.ts'
import type { Database } from './client.ts'
import { isBetween, isWanted, LOG_COLUMNS } from './logged-visits.ts'
import { links } from './schema.ts'
import { dateOf } from './stats-details.ts'
import { scopeTables } from './stats-scope.ts'
import { readWithin } from './stats-store.ts'
import { misses, visits } from './visit-schema.ts'

/** Visits that a page examines to find those that a filter leaves. */
const STEPS = 50_000

type PageRow = {
  readonly visits: readonly VisitRow[]
  readonly edge: VisitPosition | null
}
type VisitRow = { readonly [column: string]: string } & {
  readonly second: number
  readonly is_bot: boolean
  readonly visitor: number | null
}

export function postgresVisitLog(database: Database): VisitLog {
  return {
    async page(query) {
      const [row] = await readWithin<PageRow>(database, pageStatement(query))
      const { visits: rows = [], edge = null } = row ?? {}
      const last = rows[query.limit - 1]
      const isFull = rows.length > query.limit && last !== undefined
      return {
        visits: rows.slice(0, query.limit).map(toVisit),
        next: isFull ? { key: `${last.second}`, id: last.id ?? '' } : edge,
      }
    },

    misses: ({ domains, from, to, limit }: MissesQuery) =>
      database.run((db) => {
        const sum = sql<number>`sum(${misses.misses})`.mapWith(Number)
        return db
          .select({ domain: misses.domain, code: misses.code, misses: sum })
          .from(misses)
          .where(
            and(
              between(misses.day, dateOf(from), dateOf(to - 1)),
              domains === null ? undefined : inArray(misses.domain, [...domains]),
            ),
          )
          .groupBy(misses.domain, misses.code)
          .orderBy(desc(sum), asc(misses.domain), asc(misses.code))
          .limit(limit)
      }),
  }
}

function toVisit(row: VisitRow): LoggedVisit {
  const { second, is_bot: isBot, visitor, link_id: id = '', domain = '', code = '' } = row
  const values = DIMENSION_NAMES.map((name) => [name, row[LOG_COLUMNS[name].name] ?? ''])
  return {
    at: new Date(second * 1_000),
    link: { id, domain, code },
    ...{ isBot, visitor, values: Object.fromEntries(values) as VisitValues },
  }
}

const NEWEST_FIRST = sql`ORDER BY at DESC, id DESC`

/** One row: the page and one visit more, and where a search stopped (`edge`). */
export function pageStatement(query: VisitsQuery): SQL {
  const { scope, filter, from, to, after, limit } = query
  const { chosen, hasLink } = scopeTables(scope)
  const wanted = limit + 1
  const isAfter =
    after === null
      ? sql`TRUE`
      : sql`(${visits.at}, ${visits.id}) < (to_timestamp(${after.key}::bigint), ${after.id}::bigint)`
  const { ids, tags = [] } = scope.kind === 'links' ? scope.filter : {}
  const rows = (condition: SQL, count: number): SQL =>
    sql`SELECT * FROM ${visits} WHERE ${condition} AND ${isBetween(from, to)} AND ${isAfter} ${NEWEST_FIRST} LIMIT ${count}`
  // Of a link, or of everything, the visits are walked in their order; those of a tag are looked up link by link.
  const isOfTag = scope.kind === 'links' && ids === undefined && tags.length > 0
  const walk = rows(ids === undefined ? sql`TRUE` : sql`link_id = (SELECT key FROM chosen)`, STEPS)
  const isMeant = ids === undefined ? hasLink(sql.raw('visits.link_id')) : sql`TRUE`
  const found = isOfTag
    ? sql`SELECT visits.* FROM chosen CROSS JOIN LATERAL (
        ${rows(sql`link_id = chosen.key AND ${isWanted(filter)}`, wanted)}) AS visits ${NEWEST_FIRST} LIMIT ${wanted}`
    : sql`SELECT * FROM (${walk}) AS visits WHERE ${isMeant} AND ${isWanted(filter)} LIMIT ${wanted}`
  const edge = isOfTag
    ? sql`NULL`
    : sql`(SELECT json_build_object('key', extract(epoch FROM at)::bigint::text, 'id', id::text) FROM (${walk}) AS visits
        WHERE (SELECT count(*) FROM found) < ${wanted} OFFSET ${STEPS - 1})`
  return sql`
    WITH chosen AS MATERIALIZED (${chosen}), found AS MATERIALIZED (${found})
    SELECT
      (SELECT coalesce(json_agg(page ORDER BY second DESC, number DESC), '[]') FROM (
        SELECT extract(epoch FROM found.at)::bigint AS second, found.id AS number, found.id::text, link_id::text, domain, code,
          is_bot, visitor, ${COLUMNS}
        FROM found JOIN ${links} ON ${links.id} = link_id) AS page) AS visits,
      ${edge} AS edge`
}

const COLUMNS = sql.join(
  DIMENSION_NAMES.map((name) => sql.identifier(LOG_COLUMNS[name].name)),
  sql`, `,
)

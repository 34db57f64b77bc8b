import type { RequestedRange } from '../../owners/stats-range.ts'
import type { StatsScope, VisitFilter } from '../../owners/stats-store.ts'
import type { LoggedVisit } from '../../owners/visit-log.ts'
import { DIMENSION_NAMES } from '../../visits/visit.ts'
import type { ApiServices } from '../api-services.ts'
import { STATS } from '../contract/operations.ts'
import type { Route } from '../http/create-route.ts'
import { csvResponse, wantsCsv } from '../http/csv-response.ts'
import { createCursors } from '../http/cursor.ts'
import { accepted, toScope, toVisitFilter } from './stats-request.ts'

/** A query without what may differ from page to page: a range that ends now moves on. */
interface ListedVisits {
  readonly scope: StatsScope
  readonly filter: VisitFilter
  readonly range: RequestedRange
}

const identifyVisits = ({ scope, filter, range }: ListedVisits): unknown => {
  const { isBot, values } = filter
  const { from, to, timezone } = range
  return ['visits', scope, isBot, DIMENSION_NAMES.map((name) => values[name]), from, to, timezone]
}

/** `/api/visits`: the log. */
export function visitsRoutes(route: Route, { owners, config }: ApiServices): void {
  const cursors = createCursors(config.postgres.url, identifyVisits)

  route(STATS.visits, async (c, input) => {
    const { limit, cursor, from, to, timezone, link, tag, domain, ...asked } = input.query()
    const scope = toScope(c.var.caller, { link, tag, domain })
    const query = { scope, filter: toVisitFilter(asked), range: { from, to, timezone } }
    const after = cursor === undefined ? null : await cursors.decode(cursor, query)
    const { stats } = await owners()
    const page = await accepted(stats.visits({ ...query, limit, after }))
    const nextCursor = page.next === null ? null : await cursors.encode(page.next, query)
    if (!wantsCsv(c)) return c.json({ data: page.visits.map(present), nextCursor })
    const next = new URL(c.req.url)
    if (nextCursor !== null) next.searchParams.set('cursor', nextCursor)
    const headers = nextCursor === null ? undefined : { Link: `<${next.href}>; rel="next"` }
    return csvResponse(c, COLUMNS, page.visits.map(cellsOf), headers)
  })
}

const present = ({ at, link, isBot, visitor, values }: LoggedVisit) => {
  const { id, domain, code } = link
  return { at, link: { id, domain, code }, bot: isBot, visitor: textOf(visitor), ...values }
}

const COLUMNS = ['at', 'link', 'domain', 'code', 'bot', 'visitor', ...DIMENSION_NAMES]

const cellsOf = ({ at, link, isBot, visitor, values }: LoggedVisit) => [
  ...[at.toISOString(), link.id, link.domain, link.code, isBot, textOf(visitor)],
  ...DIMENSION_NAMES.map((name) => values[name]),
]

/** Short, and the same for the same number. */
const textOf = (visitor: number | null): string | null =>
  visitor === null ? null : (visitor >>> 0).toString(36)

import type { Stats } from '../../owners/stats.ts'
import type { Interval, RequestedRange } from '../../owners/stats-range.ts'
import type { Counts, StatsScope } from '../../owners/stats-store.ts'
import type { Dimension } from '../../visits/visit.ts'
import { DAY_MS } from '../../visits/visit.ts'
import type { ApiServices } from '../api-services.ts'
import { STATS } from '../contract/operations.ts'
import { type ApiContext, maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { csvResponse, wantsCsv } from '../http/csv-response.ts'
import { linkId, noSuchLink } from './link-request.ts'
import { accepted, domainsOf, toScope, toVisitFilter } from './stats-request.ts'

type Asked = RequestedRange &
  Parameters<typeof toVisitFilter>[0] & {
    readonly interval: Interval
    readonly groupBy: readonly Dimension[]
  }

/** `/api/stats` and `/api/links/{id}/stats`. */
export function statsRoutes(route: Route, { owners }: ApiServices): void {
  async function read(scope: StatsScope, { from, to, timezone, interval, groupBy, ...filter }: Asked) {
    const range = { from, to, timezone }
    const { stats } = await owners()
    return await accepted(stats.read({ scope, range, interval, groupBy, filter: toVisitFilter(filter) }))
  }

  route(STATS.all, async (c, input) => {
    const { link, tag, domain, ...asked } = input.query()
    return show(c, asked, await read(toScope(c.var.caller, { link, tag, domain }), asked))
  })

  route(STATS.link, async (c, input) => {
    const link = linkId(c)
    const asked = input.query()
    const stats = await read(toScope(c.var.caller, { link }), asked)
    if (stats.links === 0) throw noSuchLink()
    return show(c, asked, stats)
  })

  route(STATS.purge, async (c, input) => {
    const id = linkId(c)
    const { before } = input.query()
    const { links, purgeStats } = await owners()
    if (c.var.caller.domains !== null) {
      const link = await links.get(id)
      if (link === null || !maySee(c.var.caller, link.domain)) throw noSuchLink()
    }
    const purged = await purgeStats(id, new Date(before.day * DAY_MS).toISOString().slice(0, 10))
    if (purged === null) throw noSuchLink()
    const { days, hits, visits } = purged
    return c.json({ days, hits, visits })
  })

  route(STATS.misses, async (c, input) => {
    const { domain, from, to, limit } = input.query()
    const domains = domainsOf(c.var.caller, domain)
    const { stats } = await owners()
    const misses = await accepted(stats.misses({ domains, range: { from, to }, limit }))
    if (wantsCsv(c)) {
      const rows = misses.codes.map((one) => [one.domain, one.code, one.misses])
      return csvResponse(c, ['domain', 'code', 'misses'], rows)
    }
    return c.json({ from: misses.from, to: misses.to, data: misses.codes })
  })
}

function show(c: ApiContext, { timezone = 'UTC', interval, groupBy }: Asked, stats: Stats): Response {
  if (wantsCsv(c)) return showTable(c, groupBy, stats)
  const { from, to, approximateBefore, totals, series, groups } = stats
  const { waiting, ...counts } = totals
  return c.json({
    ...{ from, to, timezone, interval, approximateBefore },
    totals: { ...toCounts(counts), waiting },
    series: series.map(({ at, ...point }) => ({ at, ...toCounts(point) })),
    groups,
  })
}

const toCounts = ({ hits, bots, visitors }: Counts) => ({ hits, people: hits - bots, bots, visitors })

/** The series, or the one group that was asked for. */
function showTable(c: ApiContext, groupBy: readonly Dimension[], { series, groups }: Stats): Response {
  const [name] = groupBy
  const group = groupBy.length === 1 && name !== undefined ? groups[name] : undefined
  if (group === undefined) {
    const rows = series.map((point) => {
      const { hits, people, bots, visitors } = toCounts(point)
      return [point.at.toISOString(), hits, people, bots, visitors]
    })
    return csvResponse(c, ['at', 'hits', 'people', 'bots', 'visitors'], rows)
  }
  const rows = group.values.map(({ value, people }) => [value, people])
  return csvResponse(c, [name ?? '', 'people'], [...rows, ...(group.other > 0 ? [['*', group.other]] : [])])
}

import type { DayOfVisits, ImportedDay } from '../../owners/visit-import.ts'
import { importedLine } from '../../visits/imported-line.ts'
import { DAY_MS } from '../../visits/visit.ts'
import type { ApiServices } from '../api-services.ts'
import { STATS } from '../contract/operations.ts'
import type { RequestedDay } from '../contract/visit-import-schema.ts'
import { maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { readItems } from '../http/read-items.ts'

/** `POST /api/visits/import`: visits that were counted elsewhere. */
export function visitImportRoutes(route: Route, services: ApiServices): void {
  route(STATS.import, async (c, input) => {
    const { source, dryRun, days } = input.body()
    const seen = new Set<string>()
    const { accepted, rejected } = await readItems(days, input.item(), async (asked) => {
      const { domain, code, day } = asked
      if (!maySee(c.var.caller, domain)) return 'domain_forbidden'
      const name = `${domain}/${code} ${day.day}`
      if (seen.has(name)) return 'repeated_day'
      seen.add(name)
      return toDay(asked)
    })
    const { importVisits } = await services.owners()
    const imported = await importVisits(
      source,
      accepted.map(({ item }) => item),
      dryRun,
    )
    const results = imported.days.map((day, i) => ({ index: accepted[i]?.index ?? i, ...describe(day) }))
    const refused = rejected.map((rejection) => ({ ...rejection, outcome: 'rejected' as const, hits: 0 }))
    return c.json({
      results: [...results, ...refused].sort((a, b) => a.index - b.index),
      unlogged: imported.unlogged,
    })
  })
}

function toDay({ domain, code, day, visits }: RequestedDay): DayOfVisits {
  const lines = visits
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())
    .map(({ at, hits, bot, ...values }) =>
      importedLine({ at: at.getTime() / 1_000, hits, isBot: bot, values }),
    )
  return {
    ...{ domain, code, lines },
    day: new Date(day.day * DAY_MS).toISOString().slice(0, 10),
    hits: visits.reduce((sum, { hits }) => sum + hits, 0),
  }
}

function describe(day: ImportedDay) {
  if (day.kind === 'no-link') return { outcome: 'rejected' as const, hits: 0, problem: 'link_not_found' }
  return { outcome: day.hits > 0 ? ('counted' as const) : ('unchanged' as const), hits: day.hits }
}

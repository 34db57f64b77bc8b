import type { BulkChange, BulkMatch } from '../../owners/link-batches.ts'
import type { LinkFilter } from '../../owners/link-filter.ts'
import { NO_HITS } from '../../owners/link-hits.ts'
import type { Services } from '../../services.ts'
import { presentLink } from '../contract/link-schema.ts'
import type { RequestedFilter } from '../contract/list-schema.ts'
import { BULK } from '../contract/operations.ts'
import { type ApiContext, domainForbidden, hasScope } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { readItems } from '../http/read-items.ts'
import { linkRequest, toFilter } from './link-request.ts'

/** `/api/links/bulk`, and PATCH and DELETE of `/api/links`: many links in one request. */
export function bulkRoutes(route: Route, services: Services): void {
  const { management } = services
  route(BULK.write, async (c, input) => {
    const request = linkRequest(c, services)
    const { mode, links } = input.body()
    const { accepted, rejected } = await readItems(links, input.item(), async (item) => {
      const { domain: asked, code, ...fields } = item
      const { domain, isAllowed } = request.domainFor(asked)
      return isAllowed ? { domain, code, fields: await request.complete(domain, fields) } : 'domain_forbidden'
    })
    const { write, list } = await management()
    const outcomes = await write(
      accepted.map(({ item }) => item),
      mode === 'upsert' ? 'overwrite' : 'keep',
      c.var.attempt ?? null,
    )
    const written = outcomes.flatMap((outcome) => ('link' in outcome ? outcome.link : []))
    const isAllNew = outcomes.every(({ kind }) => kind !== 'updated')
    const withHits = isAllNew
      ? written.map((link) => ({ ...link, ...NO_HITS }))
      : await list.withHits(written)
    const mayRead = hasScope(c.var.caller, 'links:read')
    const shown = new Map(withHits.map((link) => [link.id, presentLink(link, request.baseUrl)]))
    const results = outcomes.map((outcome, i) => {
      const index = accepted[i]?.index ?? i
      if ('link' in outcome) {
        const { id, version } = outcome.link
        const isOwn = mayRead || outcome.kind === 'created'
        return { index, outcome: outcome.kind, link: isOwn ? shown.get(id) : { id, version } }
      }
      return { index, outcome: 'rejected', code: outcome.kind === 'taken' ? 'code_taken' : 'no_free_code' }
    })
    const refused = rejected.map(({ index, problem, errors }) => {
      return { index, outcome: 'rejected', code: problem, errors }
    })
    return c.json({ results: [...results, ...refused].sort((a, b) => a.index - b.index) })
  })

  const chosen = (
    c: ApiContext,
    ids: readonly string[] | undefined,
    filter: RequestedFilter,
  ): LinkFilter => ({
    ...toFilter(c.var.caller, filter),
    ids,
  })
  const report = ({ matched, changed }: BulkChange) => ({
    matched,
    ids: changed.map(({ id }) => id),
    more: matched > changed.length,
  })

  /** A dry run by filters would let a key that may not read list the links that match. */
  const preview = (c: ApiContext, { matched, ids }: BulkMatch) => ({
    matched,
    ids: hasScope(c.var.caller, 'links:read') ? ids : [],
    more: false,
  })

  route(BULK.edit, async (c, input) => {
    const { domainFor } = linkRequest(c, services)
    const { ids, filter = {}, changes, dryRun } = input.body()
    const { domain } = changes
    if (domain !== undefined && !domainFor(domain).isAllowed) throw domainForbidden(domain)
    const { batches, publish } = await management()
    const meant = chosen(c, ids, filter)
    if (dryRun) {
      const match = await batches.match(meant, changes)
      const taken = domain === undefined ? {} : { taken: match.taken }
      return c.json({ changed: 0, ...preview(c, match), ...taken })
    }
    const change = await batches.update(meant, changes)
    await publish([...change.changed.map((link) => ({ ...link, link })), ...change.vacated])
    return c.json({ changed: change.changed.length, ...report(change) })
  })

  route(BULK.delete, async (c, input) => {
    const { ids, filter = {}, dryRun } = input.body()
    const { batches, publish } = await management()
    const meant = chosen(c, ids, filter)
    if (dryRun) return c.json({ deleted: 0, ...preview(c, await batches.match(meant, null)) })
    const change = await batches.delete(meant)
    await publish(change.changed.map((link) => ({ ...link, link: null })))
    return c.json({ deleted: change.changed.length, ...report(change) })
  })
}

import type { BulkChange, BulkMatch } from '../../owners/bulk-store.ts'
import type { ApiServices } from '../api-services.ts'
import { presentLink } from '../contract/link-schema.ts'
import { BULK } from '../contract/operations.ts'
import { type ApiContext, hasScope } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { readItems } from '../http/read-items.ts'
import { linkRequest, toFilter } from './link-request.ts'

/** `/api/links/bulk`, and PATCH and DELETE of `/api/links`: many links in one request. */
export function bulkRoutes(route: Route, services: ApiServices): void {
  const owned = async () => (await services.owners()).links

  route(BULK.write, async (c, input) => {
    const request = linkRequest(c, services)
    const { mode, links } = input.body()
    const { accepted, rejected } = await readItems(links, input.item(), request.accept)
    const { write, written } = await owned()
    const outcomes = await write(
      accepted.map(({ item }) => item),
      mode === 'upsert' ? 'overwrite' : 'keep',
      c.var.attempt ?? null,
    )
    const mayRead = hasScope(c.var.caller, 'links:read')
    const shown = new Map(
      (await written(outcomes)).map((link) => [link.id, presentLink(link, request.baseUrl)]),
    )
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
    if (domain !== undefined) domainFor(domain)
    const { match, updateMatching } = await owned()
    const meant = { ...toFilter(c.var.caller, filter), ids }
    if (dryRun) {
      const matching = await match(meant, changes)
      const taken = domain === undefined ? {} : { taken: matching.taken }
      return c.json({ changed: 0, ...preview(c, matching), ...taken })
    }
    const change = await updateMatching(meant, changes)
    return c.json({ changed: change.changed.length, ...report(change) })
  })

  route(BULK.delete, async (c, input) => {
    const { ids, filter = {}, dryRun } = input.body()
    const { match, deleteMatching } = await owned()
    const meant = { ...toFilter(c.var.caller, filter), ids }
    if (dryRun) return c.json({ deleted: 0, ...preview(c, await match(meant, null)) })
    const change = await deleteMatching(meant)
    return c.json({ deleted: change.changed.length, ...report(change) })
  })
}

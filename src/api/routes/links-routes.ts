import { MAX_TAGS } from '../../links/link.ts'
import type { LinkWithHits } from '../../owners/link-pages.ts'
import type { ApiServices } from '../api-services.ts'
import { presentLink } from '../contract/link-schema.ts'
import { LINKS } from '../contract/operations.ts'
import { type ApiContext, hasScope, maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { createCursors } from '../http/cursor.ts'
import { etag } from '../http/etag.ts'
import { Problem } from '../http/problem.ts'
import { identifyList, linkId, linkRequest, noSuchLink, toFilter } from './link-request.ts'

/** `/api/links`: lists, and create, read, edit and delete one link. */
export function linksRoutes(route: Route, services: ApiServices): void {
  const links = async () => (await services.owners()).links
  const cursors = createCursors(services.config.postgres.url, identifyList)
  const show = (c: ApiContext, link: LinkWithHits, status: 200 | 201 = 200): Response => {
    const headers: Record<string, string> = { ETag: etag(link.version) }
    if (status === 201) headers.Location = `/api/links/${link.id}`
    return c.json(presentLink(link, linkRequest(c, services).baseUrl), status, headers)
  }
  /** A key that may write but not read learns nothing about a link that was there before. */
  const showEdited = (c: ApiContext, link: LinkWithHits): Response => {
    if (hasScope(c.var.caller, 'links:read')) return show(c, link)
    return c.json({ id: link.id, version: link.version }, 200, { ETag: etag(link.version) })
  }
  /** Links that the caller may not see do not exist. */
  const visible = (c: ApiContext, link: LinkWithHits | null): LinkWithHits => {
    if (link === null || !maySee(c.var.caller, link.domain)) throw noSuchLink()
    return link
  }
  /** A key for all domains needs no look at the link first. */
  const checkDomain = async (c: ApiContext, id: string): Promise<void> => {
    if (c.var.caller.domains !== null) visible(c, await (await links()).get(id))
  }
  /** Why nothing was changed. */
  const missed = async (id: string, versions: readonly number[] | null): Promise<Problem> => {
    const link = await (await links()).get(id)
    if (link === null) return noSuchLink()
    if (versions === null || versions.includes(link.version)) {
      const errors = [{ path: 'addTags', message: `would make more than ${MAX_TAGS} tags` }]
      return new Problem(422, 'invalid_request', 'The link has too many tags; see "errors".', errors)
    }
    const detail = `The link has been changed: its version is ${link.version}. Read it again.`
    return new Problem(412, 'version_mismatch', detail)
  }

  route(LINKS.list, async (c, input) => {
    const { limit, cursor, sort, order, ...rest } = input.query()
    const query = { filter: toFilter(c.var.caller, rest), sort, order }
    const after = cursor === undefined ? null : await cursors.decode(cursor, query)
    const page = await (await links()).page({ ...query, limit, after })
    const { baseUrl } = linkRequest(c, services)
    return c.json({
      data: page.links.map((link) => presentLink(link, baseUrl)),
      nextCursor: page.next === null ? null : await cursors.encode(page.next, query),
    })
  })

  route(LINKS.lookup, async (c, input) => {
    const { domain, code } = input.query()
    const allowed = linkRequest(c, services).domainFor(domain)
    return show(c, visible(c, await (await links()).lookup(allowed, code)))
  })

  route(LINKS.create, async (c, input) => {
    const request = linkRequest(c, services)
    const item = await request.toItem(input.body())
    const link = await (await links()).create(item, c.var.attempt ?? null)
    if (link !== null) return show(c, link, 201)
    const { domain, code } = item
    if (code === undefined) throw new Problem(503, 'no_free_code', 'Found no free code. Try again.')
    const detail = `The code "${code}" is taken in domain "${domain}". Choose another one.`
    throw new Problem(409, 'code_taken', detail)
  })

  route(LINKS.upsert, async (c, input) => {
    const request = linkRequest(c, services)
    const item = await request.toItem(input.body())
    const { write, written } = await links()
    const outcomes = await write([item], 'overwrite', null)
    const [link] = await written(outcomes)
    if (link === undefined) throw new Error('an upsert wrote nothing')
    return outcomes[0]?.kind === 'created' ? show(c, link, 201) : showEdited(c, link)
  })

  route(LINKS.read, async (c) => show(c, visible(c, await (await links()).get(linkId(c)))))

  route(LINKS.edit, async (c, input) => {
    const id = linkId(c)
    const changes = input.body()
    const versions = input.versions()
    await checkDomain(c, id)
    if (changes.domain !== undefined) linkRequest(c, services).domainFor(changes.domain)
    const link = await (await links()).update(id, changes, versions)
    if (link === null) throw await missed(id, versions)
    if (link === 'taken') {
      throw new Problem(409, 'code_taken', 'There is a link where this one would move. Choose another code.')
    }
    return showEdited(c, link)
  })

  route(LINKS.delete, async (c, input) => {
    const id = linkId(c)
    const versions = input.versions()
    await checkDomain(c, id)
    if (!(await (await links()).delete(id, versions))) throw await missed(id, versions)
    return c.body(null, 204)
  })
}

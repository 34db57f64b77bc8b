import { MAX_TAGS } from '../../links/link.ts'
import { type LinkWithHits, NO_HITS } from '../../owners/link-hits.ts'
import type { Services } from '../../services.ts'
import { presentLink } from '../contract/link-schema.ts'
import { LINKS } from '../contract/operations.ts'
import { type ApiContext, domainForbidden, hasScope, maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { createCursors } from '../http/cursor.ts'
import { etag } from '../http/etag.ts'
import { Problem } from '../http/problem.ts'
import { linkId, linkRequest, noSuchLink, toFilter } from './link-request.ts'

/** `/api/links`: lists, and create, read, edit and delete one link. */
export function linksRoutes(route: Route, services: Services): void {
  const { editor, management } = services
  const cursors = createCursors(services.config.postgres.url)
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
  const allowed = (c: ApiContext, asked: string | undefined): string => {
    const { domain, isAllowed } = linkRequest(c, services).domainFor(asked)
    if (!isAllowed) throw domainForbidden(domain)
    return domain
  }
  /** A key for all domains needs no look at the link first. */
  const checkDomain = async (c: ApiContext, id: string): Promise<void> => {
    if (c.var.caller.domains !== null) visible(c, await (await editor()).get(id))
  }
  /** Why nothing was changed. */
  const missed = async (id: string, versions: readonly number[] | null): Promise<Problem> => {
    const link = await (await editor()).get(id)
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
    const { links, next } = await (await management()).list.page({ ...query, limit, after })
    const { baseUrl } = linkRequest(c, services)
    return c.json({
      data: links.map((link) => presentLink(link, baseUrl)),
      nextCursor: next === null ? null : await cursors.encode(next, query),
    })
  })

  route(LINKS.lookup, async (c, input) => {
    const { domain, code } = input.query()
    return show(c, visible(c, await (await management()).list.lookup(allowed(c, domain), code)))
  })

  route(LINKS.create, async (c, input) => {
    const request = linkRequest(c, services)
    const { code, domain: asked, ...fields } = input.body()
    const domain = allowed(c, asked)
    const completed = await request.complete(domain, fields)
    const link = await (await editor()).create(domain, code, completed, c.var.attempt ?? null)
    if (link !== null) return show(c, link, 201)
    if (code === undefined) throw new Problem(503, 'no_free_code', 'Found no free code. Try again.')
    const detail = `The code "${code}" is taken in domain "${domain}". Choose another one.`
    throw new Problem(409, 'code_taken', detail)
  })

  route(LINKS.upsert, async (c, input) => {
    const request = linkRequest(c, services)
    const { code, domain: asked, ...requested } = input.body()
    const domain = allowed(c, asked)
    const { write, list } = await management()
    const fields = await request.complete(domain, requested)
    const [outcome] = await write([{ domain, code, fields }], 'overwrite', null)
    if (outcome === undefined || !('link' in outcome)) throw new Error('an upsert wrote nothing')
    if (outcome.kind === 'created') return show(c, { ...outcome.link, ...NO_HITS }, 201)
    const [link] = await list.withHits([outcome.link])
    return showEdited(c, link ?? { ...outcome.link, ...NO_HITS })
  })

  route(LINKS.read, async (c) => show(c, visible(c, await (await editor()).get(linkId(c)))))

  route(LINKS.edit, async (c, input) => {
    const id = linkId(c)
    const changes = input.body()
    const versions = input.versions()
    await checkDomain(c, id)
    if (changes.domain !== undefined) allowed(c, changes.domain)
    const link = await (await editor()).update(id, changes, versions)
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
    if ((await (await editor()).delete(id, versions)) === null) throw await missed(id, versions)
    return c.body(null, 204)
  })
}

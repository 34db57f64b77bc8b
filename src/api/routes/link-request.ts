/**
 * @module
 * What the routes of links make of a request.
 */
import { normalizeHost } from '../../links/host.ts'
import type { LinkFilter } from '../../owners/link-filter.ts'
import type { LinkListQuery } from '../../owners/link-pages.ts'
import type { LinkItem } from '../../owners/write-links.ts'
import type { ApiServices } from '../api-services.ts'
import type { RequestedLink } from '../contract/link-schema.ts'
import type { RequestedFilter } from '../contract/list-schema.ts'
import { type ApiContext, type Caller, domainForbidden, idParam, maySee } from '../http/caller.ts'
import { Problem } from '../http/problem.ts'

export interface LinkRequest {
  /** Origin of short URLs in domain `*`. */
  readonly baseUrl: string
  /** The domain that a request names, or else the default; whether the caller may use it is not checked. */
  domainOf(asked: string | undefined): string
  /** The same. @throws {Problem} 403 when the caller may not use it. */
  domainFor(asked: string | undefined): string
  /** @throws {Problem} as `domainFor`. */
  toItem(link: RequestedLink): Promise<LinkItem>
  /** As `toItem`, for one of many: a refusal is its code. */
  accept(link: RequestedLink): Promise<LinkItem | string>
}

export function linkRequest(c: ApiContext, { config, settings }: ApiServices): LinkRequest {
  const url = new URL(c.req.url)
  const { caller } = c.var

  const domainOf = (asked: string | undefined): string =>
    asked ?? defaultDomain(normalizeHost(url.host), config.domains, caller.domains)

  function domainFor(asked: string | undefined): string {
    const domain = domainOf(asked)
    if (!maySee(caller, domain)) throw domainForbidden(domain)
    return domain
  }

  async function toItem(link: RequestedLink): Promise<LinkItem> {
    const { domain: asked, code, createdAt, hits: baseline, ...fields } = link
    const domain = domainFor(asked)
    const status = fields.status ?? (await settings.find(domain)).defaultStatus
    return { domain, code, createdAt, baseline, fields: { ...fields, status } }
  }

  return {
    baseUrl: config.baseUrl ?? url.origin,
    domainOf,
    domainFor,
    toItem,
    accept: async (link) => (maySee(caller, domainOf(link.domain)) ? toItem(link) : 'domain_forbidden'),
  }
}

/**
 * A listed host shows only its own namespace, so links made there belong there unless the request says otherwise. Nor
 * need a key that is good for one domain name it.
 */
function defaultDomain(host: string, listed: ReadonlySet<string>, allowed: Caller['domains']): string {
  const domain = listed.has(host) ? host : '*'
  const [only] = allowed ?? []
  return allowed?.length === 1 && only !== undefined ? only : domain
}

/** @throws {Problem} 403 for a domain that the caller may not see. */
export function toFilter(caller: Caller, { domain, tag, ...rest }: RequestedFilter): LinkFilter {
  if (domain !== undefined && !maySee(caller, domain)) throw domainForbidden(domain)
  return { ...rest, tags: tag, domains: domain === undefined ? (caller.domains ?? undefined) : [domain] }
}

/** A query without what may differ from page to page. */
export type ListedQuery = Pick<LinkListQuery, 'filter' | 'sort' | 'order'>

/** What makes a query another one to a cursor. */
export const identifyList = ({ filter, sort, order }: ListedQuery): unknown => {
  const { domains, code, tags, q, enabled, expired } = filter
  return [domains, code, tags, q, enabled, expired, sort, order]
}

export const linkId = (c: ApiContext): string => idParam(c, noSuchLink)
export const noSuchLink = (): Problem => new Problem(404, 'link_not_found', 'There is no such link.')

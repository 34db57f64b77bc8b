/**
 * @module
 * What the routes of links make of a request.
 */
import type { Context } from 'hono'
import { normalizeHost } from '../../links/host.ts'
import type { LinkFilter } from '../../owners/link-filter.ts'
import type { LinkFields } from '../../postgres/link-repository.ts'
import type { Services } from '../../services.ts'
import type { RequestedFilter } from '../contract/list-schema.ts'
import { type ApiContext, type Caller, domainForbidden, maySee } from '../http/caller.ts'
import { Problem } from '../http/problem.ts'

/** A link's fields as a request has them: the status may be left to the domain. */
export type RequestedFields = Omit<LinkFields, 'status'> & {
  readonly status?: LinkFields['status'] | undefined
}

export interface LinkRequest {
  /** Origin of short URLs in domain `*`. */
  readonly baseUrl: string
  /** The domain of a new link; `null` = the caller may not use it. */
  domainFor(asked: string | undefined): { readonly domain: string; readonly isAllowed: boolean }
  complete(domain: string, fields: RequestedFields): Promise<LinkFields>
}

export function linkRequest(c: ApiContext, { config, settings }: Services): LinkRequest {
  const url = new URL(c.req.url)
  const { domains } = c.var.caller
  return {
    baseUrl: config.baseUrl ?? url.origin,
    domainFor(asked) {
      const domain = asked ?? defaultDomain(normalizeHost(url.host), config.domains, domains)
      return { domain, isAllowed: maySee(c.var.caller, domain) }
    },
    async complete(domain, { status, ...fields }) {
      return { ...fields, status: status ?? (await settings.find(domain)).defaultStatus }
    },
  }
}

/** The one list of the domains that links and keys may have. */
export const isDomain =
  ({ domains }: Services['config']) =>
  (domain: string): boolean =>
    domain === '*' || domains.has(domain)

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

/** An id that cannot be one is the id of no link. */
export function linkId(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!/^[1-9]\d{0,17}$/.test(id)) throw noSuchLink()
  return id
}

export const noSuchLink = (): Problem => new Problem(404, 'link_not_found', 'There is no such link.')

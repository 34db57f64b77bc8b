import type { Context } from 'hono'
import { parseHost } from '../../links/host.ts'
import type { ApiServices } from '../api-services.ts'
import { DOMAINS } from '../contract/operations.ts'
import { domainResponse, present } from '../contract/response-schema.ts'
import { domainForbidden, maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { Problem } from '../http/problem.ts'

/** `/api/domains`: fallback URLs and defaults of a host. */
export function domainsRoutes(route: Route, { config, owners }: ApiServices): void {
  const domains = async () => (await owners()).domains

  route(DOMAINS.list, async (c) => {
    const all = await (await domains()).list()
    const data = all
      .filter(({ host }) => maySee(c.var.caller, host))
      .map((domain) => present(domainResponse, domain))
    const served = [...config.domains].filter((host) => maySee(c.var.caller, host))
    return c.json({ data, served })
  })

  route(DOMAINS.read, async (c) => {
    const host = hostOf(c)
    if (!maySee(c.var.caller, host)) throw domainForbidden(host)
    const domain = await (await domains()).get(host)
    if (domain === null) throw noSuchDomain()
    return c.json(present(domainResponse, domain))
  })

  route(DOMAINS.set, async (c, input) => {
    const host = hostOf(c)
    const outcome = await (await domains()).put(host, input.body(), new URL(c.req.url).host)
    if (outcome.kind === 'looping') {
      throw new Problem(422, 'invalid_request', 'The redirect would loop; see "errors".', outcome.loops)
    }
    return c.json(present(domainResponse, outcome.domain))
  })

  route(DOMAINS.delete, async (c) => {
    if (!(await (await domains()).delete(hostOf(c)))) throw noSuchDomain()
    return c.body(null, 204)
  })
}

function hostOf(c: Context): string {
  const text = c.req.param('host') ?? ''
  const host = text === '*' ? text : parseHost(text)
  if (host === null) {
    const message = 'must be a host name without port, or "*"'
    throw new Problem(422, 'invalid_request', 'This is not a host name.', [{ path: 'host', message }])
  }
  return host
}

const noSuchDomain = (): Problem =>
  new Problem(404, 'domain_not_found', 'This host has no settings of its own.')

import type { Context } from 'hono'
import { settingsKey, toRegister } from '../../links/domain-settings.ts'
import { parseHost } from '../../links/host.ts'
import type { OwnHosts } from '../../owners/own-hosts.ts'
import { settingsLoops } from '../../owners/settings-loops.ts'
import type { Services } from '../../services.ts'
import { DOMAINS } from '../contract/operations.ts'
import { domainResponse, present } from '../contract/response-schema.ts'
import { domainForbidden, maySee } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { Problem } from '../http/problem.ts'

/** `/api/domains`: fallback URLs and defaults of a host. */
export function domainsRoutes(route: Route, services: Services, ownHosts: OwnHosts): void {
  const { config, management, publisher } = services
  route(DOMAINS.list, async (c) => {
    const domains = await (await management()).domains.list()
    const data = domains
      .filter(({ host }) => maySee(c.var.caller, host))
      .map((domain) => present(domainResponse, domain))
    const served = [...config.domains].filter((host) => maySee(c.var.caller, host))
    return c.json({ data, served })
  })

  route(DOMAINS.read, async (c) => {
    const host = hostOf(c)
    if (!maySee(c.var.caller, host)) throw domainForbidden(host)
    const domain = await (await management()).domains.get(host)
    if (domain === null) throw noSuchDomain()
    return c.json(present(domainResponse, domain))
  })

  route(DOMAINS.set, async (c, input) => {
    const host = hostOf(c)
    const settings = input.body()
    const { domains } = await management()
    ownHosts.forget()
    const isOwnHost = await ownHosts.seenFrom(new URL(c.req.url).host)
    const loops = settingsLoops(host, settings, isOwnHost, await domains.list())
    if (loops.length > 0) {
      throw new Problem(422, 'invalid_request', 'The redirect would loop; see "errors".', loops)
    }
    const domain = await domains.put(host, settings)
    ownHosts.forget()
    const { version } = domain
    await publisher.publish([
      { key: settingsKey(host), register: { version, link: toRegister(settings, version) } },
    ])
    return c.json(present(domainResponse, domain))
  })

  route(DOMAINS.delete, async (c) => {
    const host = hostOf(c)
    const version = await (await management()).domains.delete(host)
    if (version === null) throw noSuchDomain()
    ownHosts.forget()
    await publisher.publish([{ key: settingsKey(host), register: { version, link: null } }])
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

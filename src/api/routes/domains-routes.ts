import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { ROBOTS_POLICIES } from '../../links/domain-settings.ts'
import { parseHost } from '../../links/host.ts'
import type { Domain } from '../../owners/domain-store.ts'
import type { ApiServices } from '../api-services.ts'
import { destination, redirectStatus } from '../contract/link-fields.ts'
import { type ApiEnv, domainForbidden, maySee } from '../http/caller.ts'
import { Problem } from '../http/problem.ts'
import { readBody } from '../http/read-body.ts'

/** A page of the owner's own, which may well be on the same host: only a redirect to itself would loop. */
const url = v.optional(v.nullable(destination(() => false)), null)

export const domainSchema = v.strictObject({
  rootUrl: url,
  notFoundUrl: url,
  expiredUrl: url,
  defaultStatus: v.optional(redirectStatus, 302),
  robots: v.optional(v.picklist(ROBOTS_POLICIES, `must be one of ${ROBOTS_POLICIES.join(', ')}`), 'allow'),
})

/** `/api/domains`: what a host shows where it has no link to show. */
export function domainsRoutes({ config, owners }: ApiServices): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  const domains = async () => (await owners()).domains

  app.get('/', async (c) => {
    const all = await (await domains()).list()
    const data = all.filter(({ host }) => maySee(c.var.caller, host)).map(present)
    const served = [...config.domains].filter((host) => maySee(c.var.caller, host))
    return c.json({ data, served })
  })

  app.get('/:host', async (c) => {
    const host = hostOf(c)
    if (!maySee(c.var.caller, host)) throw domainForbidden(host)
    const domain = await (await domains()).get(host)
    if (domain === null) throw noSuchDomain()
    return c.json(present(domain))
  })

  app.put('/:host', async (c) => {
    const host = hostOf(c)
    const settings = readBody(c, domainSchema)
    const outcome = await (await domains()).put(host, settings, new URL(c.req.url).host)
    if (outcome.kind === 'looping') {
      throw new Problem(422, 'invalid_request', 'The redirect would loop; see "errors".', outcome.loops)
    }
    return c.json(present(outcome.domain))
  })

  app.delete('/:host', async (c) => {
    if (!(await (await domains()).delete(hostOf(c)))) throw noSuchDomain()
    return c.body(null, 204)
  })

  return app
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

function present({ host, createdAt, updatedAt, version: _, ...settings }: Domain) {
  return { host, ...settings, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
}

const noSuchDomain = (): Problem =>
  new Problem(404, 'domain_not_found', 'This host has no settings of its own.')

import { type Context, Hono } from 'hono'
import type { LinkWithHits } from '../links/link-editor.ts'
import type { Services } from '../services.ts'
import { createLinkSchemas, presentLink } from './link-schema.ts'
import { Problem } from './problem.ts'
import { readBody } from './read-body.ts'

/** `/api/links`: create, read, edit and delete one link. */
export function linksRoutes({ config, editor, runtime }: Services): Hono {
  const app = new Hono()
  const baseUrl = (c: Context): string => config.baseUrl ?? new URL(c.req.url).origin
  const schemas = (c: Context) => {
    const ownHosts = [c.req.url, config.baseUrl].flatMap((url) => (url === null ? [] : new URL(url).hostname))
    return createLinkSchemas({
      isOwnHost: (host) => config.domains.has(host) || ownHosts.includes(host),
      isDomain: (domain) => domain === '*' || config.domains.has(domain),
      now: runtime.now,
    })
  }
  /** A listed host shows only its own namespace, so links made there belong there unless the request says otherwise. */
  const defaultDomain = (c: Context): string => {
    const { hostname } = new URL(c.req.url)
    return config.domains.has(hostname) ? hostname : '*'
  }
  const present = (c: Context, link: LinkWithHits | null): Response => {
    if (link === null) throw noSuchLink()
    return c.json(presentLink(link, baseUrl(c)))
  }

  app.post('/', async (c) => {
    const { code, domain = defaultDomain(c), ...fields } = await readBody(c, schemas(c).create)
    const link = await (await editor()).create(domain, code, fields)
    if (link === null && code === undefined)
      throw new Problem(503, 'no_free_code', 'Found no free code. Try again.')
    if (link === null) {
      throw new Problem(
        409,
        'code_taken',
        `The code "${code}" is taken in domain "${domain}". Choose another one.`,
      )
    }
    return c.json(presentLink(link, baseUrl(c)), 201, { Location: `/api/links/${link.id}` })
  })

  app.get('/:id', async (c) => present(c, await (await editor()).get(linkId(c))))

  app.patch('/:id', async (c) => {
    const id = linkId(c)
    const changes = await readBody(c, schemas(c).edit)
    return present(c, await (await editor()).update(id, changes))
  })

  app.delete('/:id', async (c) => {
    if ((await (await editor()).delete(linkId(c))) === null) throw noSuchLink()
    return c.body(null, 204)
  })

  return app
}

/** An id that cannot be one is the id of no link. */
function linkId(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!/^[1-9]\d{0,17}$/.test(id)) throw noSuchLink()
  return id
}

const noSuchLink = (): Problem => new Problem(404, 'link_not_found', 'There is no link with this id.')

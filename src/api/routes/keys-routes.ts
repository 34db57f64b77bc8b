import { type Context, Hono } from 'hono'
import type { ApiKey } from '../../owners/api-key.ts'
import type { MadeKey } from '../../owners/keys.ts'
import type { ApiServices } from '../api-services.ts'
import { keySchema, rotateSchema } from '../contract/key-schema.ts'
import type { ApiEnv } from '../http/caller.ts'
import { Problem } from '../http/problem.ts'
import { readBody } from '../http/read-body.ts'
import { isDomain } from './link-request.ts'

/** `/api/keys`: list, make, rotate and revoke API keys. */
export function keysRoutes({ owners, runtime, config }: ApiServices): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()
  const keys = async () => (await owners()).keys

  app.get('/', async (c) => c.json({ data: (await (await keys()).list()).map(present) }))

  app.post('/', async (c) => {
    const { id: createdBy, expiresAt: makerExpiresAt } = c.var.caller
    const schema = keySchema({ now: runtime.now, isDomain: isDomain(config), makerExpiresAt })
    const { expiresAt = makerExpiresAt, ...wanted } = readBody(c, schema)
    const made = await (await keys()).create({ ...wanted, expiresAt, createdBy })
    return c.json(presentMade(made), 201)
  })

  app.post('/:id/rotate', async (c) => {
    const { overlapSeconds } = readBody(c, rotateSchema, {})
    const { id: createdBy, expiresAt: makerExpiresAt } = c.var.caller
    const old = await (await keys()).get(keyId(c))
    if (old === null) throw noSuchKey()
    const outlives = old.expiresAt === null || old.expiresAt.getTime() > (makerExpiresAt?.getTime() ?? 0)
    if (makerExpiresAt !== null && outlives) {
      const detail = `Your own key expires at ${makerExpiresAt.toISOString()}, before this one does.`
      throw new Problem(403, 'key_would_outlive', detail)
    }
    const rotated = await (await keys()).rotate(old, createdBy, overlapSeconds)
    if (rotated === null) {
      throw new Problem(409, 'key_not_active', 'This API key is revoked or has expired. Make a new one.')
    }
    return c.json(presentMade(rotated), 201)
  })

  app.delete('/:id', async (c) => {
    if (!(await (await keys()).revoke(keyId(c)))) throw noSuchKey()
    return c.body(null, 204)
  })

  return app
}

function keyId(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!/^[1-9]\d{0,17}$/.test(id)) throw noSuchKey()
  return id
}

const noSuchKey = (): Problem => new Problem(404, 'key_not_found', 'There is no API key with this id.')

const presentMade = ({ key, secret }: MadeKey) => ({ ...present(key), key: secret })

function present(key: ApiKey) {
  const { id, name, prefix, scopes, domains, expiresAt, lastUsedAt, createdAt, createdBy, revokedAt } = key
  return {
    ...{ id, name, prefix, scopes, domains },
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    createdBy,
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}

import { Hono } from 'hono'
import * as v from 'valibot'
import { type ApiKey, generateKey, keyPrefix, SCOPES } from '../keys/api-key.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Services } from '../services.ts'
import { sha256 } from '../sha256.ts'
import type { ApiEnv } from './caller.ts'
import { Problem } from './problem.ts'
import { readBody } from './read-body.ts'
import { dateTime, domainName, list, printable } from './scalars.ts'

export function keySchema(now: () => number) {
  return v.pipe(
    v.strictObject({
      name: v.pipe(
        printable,
        v.nonEmpty('must not be empty'),
        v.maxLength(100, 'must have at most 100 characters'),
      ),
      scopes: v.pipe(
        list(v.picklist(SCOPES, `must be one of ${SCOPES.join(', ')}`), 10, 'must have at most 10 items'),
        v.minLength(1, 'must not be empty'),
        v.transform((all) => [...new Set(all)]),
      ),
      expiresAt: v.optional(
        v.nullable(
          v.pipe(
            dateTime,
            v.check((date) => date.getTime() > now(), 'must be a date in the future'),
          ),
        ),
        null,
      ),
      domains: v.optional(
        v.nullable(
          v.pipe(
            list(domainName, 100, 'must have at most 100 items'),
            v.minLength(1, 'must not be empty'),
            v.transform((all) => [...new Set(all)]),
          ),
        ),
        null,
      ),
    }),
    // It could make itself a key without the restriction.
    v.check(
      ({ scopes, domains }) => domains === null || !scopes.includes('admin'),
      'must not have both the scope "admin" and domains',
    ),
  )
}

/** `/api/keys`: list, make and revoke API keys. */
export function keysRoutes({ management, runtime }: Services, keyRing: KeyRing): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.get('/', async (c) => c.json({ data: (await (await management()).keys.list()).map(present) }))

  app.post('/', async (c) => {
    const wanted = readBody(c, keySchema(runtime.now))
    const key = await generateKey()
    const created = await (await management()).keys.create(wanted, keyPrefix(key), await sha256(key))
    return c.json({ ...present(created), key }, 201, { 'Cache-Control': 'no-store' })
  })

  app.delete('/:id', async (c) => {
    const id = c.req.param('id')
    const isId = /^[1-9]\d{0,17}$/.test(id)
    if (!isId || !(await (await management()).keys.revoke(id))) {
      throw new Problem(404, 'key_not_found', 'There is no API key with this id.')
    }
    keyRing.clear()
    return c.body(null, 204)
  })

  return app
}

function present(key: ApiKey) {
  const { id, name, prefix, scopes, domains, expiresAt, lastUsedAt, createdAt, revokedAt } = key
  return {
    ...{ id, name, prefix, scopes, domains },
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    revokedAt: revokedAt?.toISOString() ?? null,
  }
}

import type { Context } from 'hono'
import { generateKey, isActive, keyPrefix } from '../../owners/api-key.ts'
import type { KeyRing } from '../../owners/key-ring.ts'
import type { Services } from '../../services.ts'
import { sha256 } from '../../sha256.ts'
import { KEYS } from '../contract/operations.ts'
import { keyResponse, present } from '../contract/response-schema.ts'
import type { Route } from '../http/create-route.ts'
import { Problem } from '../http/problem.ts'

/** `/api/keys`: list, make, rotate and revoke API keys. */
export function keysRoutes(route: Route, { management, runtime }: Services, keyRing: KeyRing): void {
  const keys = async () => (await management()).keys

  route(KEYS.list, async (c) =>
    c.json({ data: (await (await keys()).list()).map((key) => present(keyResponse, key)) }),
  )

  route(KEYS.create, async (c, input) => {
    const { id: createdBy, expiresAt: makerExpiresAt } = c.var.caller
    const { expiresAt = makerExpiresAt, ...wanted } = input.body()
    const key = await generateKey()
    const stored = { prefix: keyPrefix(key), hash: await sha256(key) }
    const created = await (await keys()).create({ ...wanted, expiresAt, createdBy }, stored)
    return c.json({ ...present(keyResponse, created), key }, 201)
  })

  route(KEYS.rotate, async (c, input) => {
    const { overlapSeconds } = input.body()
    const id = keyId(c)
    const { id: createdBy, expiresAt: makerExpiresAt } = c.var.caller
    const old = await (await keys()).get(id)
    if (old === null) throw noSuchKey()
    const outlives = old.expiresAt === null || old.expiresAt.getTime() > (makerExpiresAt?.getTime() ?? 0)
    if (makerExpiresAt !== null && outlives) {
      const detail = `Your own key expires at ${makerExpiresAt.toISOString()}, before this one does.`
      throw new Problem(403, 'key_would_outlive', detail)
    }
    const key = await generateKey()
    const stored = { prefix: keyPrefix(key), hash: await sha256(key) }
    const rotated = isActive(old, runtime.now())
      ? await (await keys()).rotate(id, createdBy, stored, overlapSeconds)
      : null
    if (rotated === null) {
      throw new Problem(409, 'key_not_active', 'This API key is revoked or has expired. Make a new one.')
    }
    keyRing.clear()
    return c.json({ ...present(keyResponse, rotated), key }, 201)
  })

  route(KEYS.revoke, async (c) => {
    if (!(await (await keys()).revoke(keyId(c)))) throw noSuchKey()
    keyRing.clear()
    return c.body(null, 204)
  })
}

function keyId(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!/^[1-9]\d{0,17}$/.test(id)) throw noSuchKey()
  return id
}

const noSuchKey = (): Problem => new Problem(404, 'key_not_found', 'There is no API key with this id.')

import type { MadeKey } from '../../owners/keys.ts'
import type { ApiServices } from '../api-services.ts'
import { KEYS } from '../contract/operations.ts'
import { keyResponse, newKeyResponse, present } from '../contract/response-schema.ts'
import { type ApiContext, idParam } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { Problem } from '../http/problem.ts'

/** `/api/keys`: list, make, rotate and revoke API keys. */
export function keysRoutes(route: Route, { owners }: ApiServices): void {
  const keys = async () => (await owners()).keys

  route(KEYS.list, async (c) =>
    c.json({ data: (await (await keys()).list()).map((key) => present(keyResponse, key)) }),
  )

  route(KEYS.create, async (c, input) => {
    const { id: createdBy, expiresAt: makerExpiresAt } = c.var.caller
    const { expiresAt = makerExpiresAt, ...wanted } = input.body()
    const made = await (await keys()).create({ ...wanted, expiresAt, createdBy })
    return c.json(presentMade(made), 201)
  })

  route(KEYS.rotate, async (c, input) => {
    const { overlapSeconds } = input.body()
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

  route(KEYS.revoke, async (c) => {
    if (!(await (await keys()).revoke(keyId(c)))) throw noSuchKey()
    return c.body(null, 204)
  })
}

const keyId = (c: ApiContext): string => idParam(c, noSuchKey)
const noSuchKey = (): Problem => new Problem(404, 'key_not_found', 'There is no API key with this id.')

const presentMade = ({ key, secret }: MadeKey) => present(newKeyResponse, { ...key, key: secret })

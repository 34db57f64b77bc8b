import { Hono } from 'hono'
import * as v from 'valibot'
import { adviceFor } from '../../operations/advice.ts'
import type { Services } from '../../services.ts'
import type { ApiEnv } from '../http/caller.ts'
import { readBody } from '../http/read-body.ts'

const whole = (min: number, max: number) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  )

export const warmSchema = v.strictObject({
  count: v.optional(whole(1, 1_000), 1_000),
  offset: v.optional(whole(0, 1e9), 0),
})
export const reconcileSchema = v.strictObject({ full: v.optional(v.boolean('must be true or false'), false) })

/** What an operator, or a script of theirs, does now and then. */
export function operationsRoutes({ flush, reconcile, warm, health, config }: Services): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.post('/flush', async (c) => c.json(await flush()))

  app.post('/reconcile', async (c) => {
    const { full } = readBody(c, reconcileSchema, {})
    return c.json(await reconcile(full))
  })

  app.post('/warm', async (c) => {
    const { count, offset } = readBody(c, warmSchema, {})
    return c.json(await warm(count, offset))
  })

  app.get('/health', async (c) => {
    const report = await health()
    const advice = adviceFor(new URL(c.req.url).host, config)
    return c.json({ ...report, advice }, report.status === 'down' ? 503 : 200)
  })

  return app
}

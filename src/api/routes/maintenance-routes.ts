import { adviceFor } from '../../operations/advice.ts'
import type { ApiServices } from '../api-services.ts'
import { MAINTENANCE } from '../contract/operations.ts'
import type { Route } from '../http/create-route.ts'

/** What an operator, or a script of theirs, does now and then. */
export function maintenanceRoutes(route: Route, services: ApiServices): void {
  const { flush, reconcile, warm, health, config } = services
  route(MAINTENANCE.flush, async (c) => c.json(await flush()))

  route(MAINTENANCE.reconcile, async (c, input) => {
    const { full } = input.body()
    return c.json(await reconcile(full))
  })

  route(MAINTENANCE.warm, async (c, input) => {
    const { count, offset } = input.body()
    return c.json(await warm(count, offset))
  })

  route(MAINTENANCE.health, async (c) => {
    const report = await health()
    const advice = adviceFor(new URL(c.req.url).host, config)
    return c.json({ ...report, advice }, report.status === 'down' ? 503 : 200)
  })
}

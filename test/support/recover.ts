import { expect } from 'vitest'
import type { Edge } from './edge.ts'
import type { Stores } from './stores.ts'

/** Ends every fault and waits until each isolate has noticed, so that one test's outage is not the next one's. */
export async function recover(stores: Stores, ...edges: readonly Edge[]): Promise<void> {
  stores.heal()
  for (const edge of edges) {
    await expect
      .poll(() => edge.health())
      .toMatchObject({ status: 'ok', redis: { breaker: 'closed' }, postgres: { breaker: 'closed' } })
    await expect.poll(async () => (await edge.api('POST', '/reconcile')).status).toBe(200)
  }
}

import { expect } from 'vitest'
import type { Edge } from './edge.ts'
import { test as linkr } from './linkr.ts'
import { expectStatisticsToAddUp } from './statistics-add-up.ts'
import type { Stores } from './stores.ts'

/**
 * A test that breaks something. Everything recovers after it, so that its outage is not that of the next test, and no
 * statistic has suffered.
 */
export const test = linkr.extend('recovery', { auto: true }, ({ stores, edges }, { onCleanup }) => {
  onCleanup(async () => {
    await recover(stores, ...edges.running)
    await expectStatisticsToAddUp(stores)
  })
})

/** Ends every fault and waits until each isolate has noticed. */
export async function recover(stores: Stores, ...edges: readonly Edge[]): Promise<void> {
  stores.heal()
  for (const edge of edges) {
    await expect
      .poll(() => edge.health())
      .toMatchObject({ status: 'ok', redis: { breaker: 'closed' }, postgres: { breaker: 'closed' } })
    await expect.poll(async () => (await edge.api('POST', '/reconcile')).status).toBe(200)
  }
}

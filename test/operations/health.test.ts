import { expect, test } from 'vitest'
import { checkHealth } from '../../src/operations/health.ts'

const NOW = 1_000_000

/** The report of an isolate that read the change log at `syncedAt`; all is well. */
function reportAt(syncedAt: number) {
  const breaker = { state: () => 'closed' as const }
  return checkHealth({
    breakers: { redis: breaker, backgroundRedis: breaker, postgres: breaker },
    counters: { waiting: async () => [] },
    outbox: async () => ({ depth: async () => ({ depth: 0, oldestAt: null }) }),
    changeLog: { syncedAt: () => syncedAt },
    recorder: { state: () => ({ waitingLinks: 0, droppedHits: 0 }) },
    now: () => NOW,
  })
}

test('an isolate tells how old its news is while it serves from memory, and nothing when it is idle', async () => {
  expect((await reportAt(NOW - 1_200)).syncLagMs).toBe(1_200)
  expect(await reportAt(NOW - 3_600_000)).toMatchObject({ status: 'ok', syncLagMs: null })
  expect((await reportAt(Number.NEGATIVE_INFINITY)).syncLagMs).toBeNull()
})

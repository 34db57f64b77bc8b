import { expect, test } from 'vitest'
import type { Edit } from '../../src/registers/edit.ts'
import type { Outbox } from '../../src/registers/outbox.ts'
import { createPublisher } from '../../src/registers/publisher.ts'

test('an outage heard of while the outbox is being emptied is not forgotten', async () => {
  const read = Promise.withResolvers<readonly Edit[]>()
  // The second one who reads it is the recovery in the background, which takes its time.
  const readings = [read.promise, new Promise<never>(() => {})]
  const outbox: Partial<Outbox> = { pending: async () => readings.shift() ?? [], reopen: async () => 0 }
  const publish = async () => ({ logId: '1-0', newer: [] })
  const publisher = createPublisher({
    registers: { publish, takeLeases: async () => [] },
    backgroundRegisters: { publish, loggedIds: async () => [] },
    outbox: async () => outbox as Outbox,
    runtime: { now: () => 0, sleep: async () => {}, background: () => {} },
    budget: { left: () => Number.POSITIVE_INFINITY },
    forget: () => {},
    onPublished: () => {},
  })
  const draining = publisher.drain()
  publisher.markBehind()
  read.resolve([])
  await draining
  expect(publisher.isBehind()).toBe(true)
  await publisher.drain()
  expect(publisher.isBehind()).toBe(false)
})

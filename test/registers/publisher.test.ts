import { describe, expect, test } from 'vitest'
import type { Edit } from '../../src/registers/edit.ts'
import type { Outbox } from '../../src/registers/outbox.ts'
import { createPublisher } from '../../src/registers/publisher.ts'
import { countSubrequests, createBudget, noteSubrequest, subrequestsSent } from '../../src/subrequests.ts'

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

describe('in the background of a redirect, which nobody counts', () => {
  const LIMIT = 20
  const EDITS: readonly Edit[] = Array.from({ length: 200 }, (_, i) => {
    return { domain: '*', code: `edit-${i}`, version: 1, link: null }
  })

  /** An outbox of 100 chunks, and the number of requests that were sent to empty it. */
  function setup() {
    let [sent, chunks] = [0, 100]
    const work: Promise<unknown>[] = []
    const send = <Answer>(answer: Answer) => {
      return async () => {
        noteSubrequest()
        sent++
        return answer
      }
    }
    const outbox: Partial<Outbox> = {
      pending: () => send(chunks-- > 0 ? EDITS : [])(),
      reopen: send(0),
      settle: send([]),
    }
    const publish = send({ logId: '1-0', newer: [] })
    const publisher = createPublisher({
      registers: { publish, takeLeases: async () => [] },
      backgroundRegisters: { publish, loggedIds: send([]) },
      outbox: async () => outbox as Outbox,
      runtime: { now: () => 0, sleep: async () => {}, background: (_, promise) => work.push(promise) },
      budget: createBudget(LIMIT),
      forget: () => {},
      onPublished: () => {},
    })
    const done = async (): Promise<number> => {
      for (const task of work) await task
      return sent
    }
    return { publisher, done }
  }

  test('a recovery leaves requests to the hits', async () => {
    const { publisher, done } = setup()
    publisher.markBehind()
    const sent = await done()
    expect(sent).toBeGreaterThan(LIMIT / 2)
    expect(sent).toBeLessThan(LIMIT)
    expect(publisher.isBehind()).toBe(true)
  })

  test('and so does each later visit that helps it along', async () => {
    const { publisher, done } = setup()
    publisher.markBehind()
    const before = await done()
    publisher.catchUp()
    expect((await done()) - before).toBeGreaterThan(LIMIT / 2)
    expect((await done()) - before).toBeLessThan(LIMIT)
  })

  test('where somebody counts, it is a part of that', async () => {
    const { publisher, done } = setup()
    await countSubrequests(async () => {
      publisher.markBehind()
      expect(await done()).toBe(subrequestsSent())
    })
  })
})

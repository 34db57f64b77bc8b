import { describe, expect, test } from 'vitest'
import { runCron } from '../src/cron.ts'
import { SourceUnavailable } from '../src/errors.ts'
import type { FlushReport } from '../src/hits/flush.ts'

interface Situation {
  readonly flush: Partial<FlushReport> | Error
  readonly isBehind?: boolean
  readonly isReconciliationDue?: boolean
  /** Requests that are left after the flush. */
  readonly left?: number
}

/** What the cron does beside the flush. */
async function whatCronDoes(situation: Situation) {
  const { flush, isBehind = false, isReconciliationDue = false, left = Number.POSITIVE_INFINITY } = situation
  const done: string[] = []
  const cron = runCron({
    async flush() {
      if (flush instanceof Error) throw flush
      return { claimed: 0, segments: 0, links: 0, hits: 0, hasMore: false, ...flush }
    },
    publisher: {
      isBehind: () => isBehind,
      async drain() {
        done.push('drain')
        return { drained: 0, complete: true }
      },
      lease: async () => null,
      publish: async () => {},
      bumpAbove: async () => {},
      markBehind() {},
      catchUp() {},
    },
    budget: { left: () => left },
    async claimReconciliation() {
      if (isReconciliationDue) done.push('claim')
      return isReconciliationDue
    },
    async reconcile() {
      done.push('reconcile')
      return { drained: 0, checked: 0, repaired: 0, released: 0, complete: true }
    },
  })
  await cron.catch((error: Error) => done.push(error.message))
  return done
}

describe('the cron', () => {
  test('lets Postgres sleep when nothing waits', async () => {
    expect(await whatCronDoes({ flush: {}, isReconciliationDue: true })).toEqual([])
  })

  test('empties the outbox when it found hits', async () => {
    expect(await whatCronDoes({ flush: { claimed: 1, segments: 1, hits: 5 } })).toEqual(['drain'])
  })

  test('empties the outbox also when Postgres had the hits already', async () => {
    expect(await whatCronDoes({ flush: { claimed: 1, segments: 0 } })).toEqual(['drain'])
  })

  test('reconciles instead, which empties the outbox too, when that is due', async () => {
    expect(await whatCronDoes({ flush: { claimed: 1 }, isReconciliationDue: true })).toEqual([
      'claim',
      'reconcile',
    ])
  })

  test('leaves that to a cron that may send enough requests, and its hour with it', async () => {
    const due = { flush: { claimed: 1 }, isReconciliationDue: true }
    expect(await whatCronDoes({ ...due, left: 14 })).toEqual(['drain'])
    expect(await whatCronDoes({ ...due, left: 15 })).toEqual(['claim', 'reconcile'])
  })

  test('says it when the platform refuses a request, and leaves the rest to the next one', async () => {
    const flush = new SourceUnavailable('redis', new Error('Too many subrequests.'), false)
    expect(await whatCronDoes({ flush })).toEqual([])
    expect(await whatCronDoes({ flush, isBehind: true })).toEqual(['drain'])
  })

  test('empties the outbox without hits too when this isolate knows that Redis lacks edits', async () => {
    expect(await whatCronDoes({ flush: {}, isBehind: true })).toEqual(['drain'])
  })

  test('lets edits not wait for hits that cannot be flushed, and says so', async () => {
    const situation = { flush: new Error('no flush'), isBehind: true }
    expect(await whatCronDoes(situation)).toEqual(['drain', 'no flush'])
  })
})

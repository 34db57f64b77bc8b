import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { createHitRecorder } from '../../src/hits/hit-recorder.ts'
import { createVirtualClock, type VirtualClock } from '../interleavings/virtual-clock.ts'
import { createFakeVisits } from '../support/fake-visits.ts'
import { toldHits } from '../support/told-hits.ts'

/** The platform ends what an invocation does in the background this long after its response. */
const INVOCATION_MS = 30_000
const WINDOW_MS = 1_000
const VISIT = new Request('https://h/x')

/** A recorder whose Redis takes `roundTripMs`, in invocations that the platform cuts off. */
function setup(clock: VirtualClock, roundTripMs: number, maxCommitWindowMs = WINDOW_MS) {
  const invocations = new AsyncLocalStorage<{ readonly startedAt: number }>()
  const commits: { readonly at: number; readonly hits: number; readonly intoInvocationMs: number }[] = []
  /** What an invocation waits for after its end never comes. */
  const pause = (ms: number): Promise<void> => {
    const endsAt = (invocations.getStore()?.startedAt ?? 0) + INVOCATION_MS
    return new Promise((resolve) => clock.after(ms, () => clock.now() < endsAt && resolve()))
  }
  const recorder = createHitRecorder({
    counters: {
      async commit({ hits, visits }) {
        const at = clock.now()
        expect(toldHits(visits, at)).toEqual(Object.fromEntries(hits))
        const intoInvocationMs = at - (invocations.getStore()?.startedAt ?? 0)
        commits.push({
          at,
          intoInvocationMs,
          hits: [...hits.values()].reduce((sum, count) => sum + count, 0),
        })
        await pause(roundTripMs)
      },
    },
    totals: () => Promise.reject(new Error('not needed')),
    visits: createFakeVisits(clock.now),
    commitWindowMs: WINDOW_MS,
    maxCommitWindowMs,
    prepareWithinMs: 300,
    runtime: { now: clock.now, sleep: pause, background: (_event, work) => void work.catch(() => {}) },
  })
  const invoke = <T>(work: () => T): T => invocations.run({ startedAt: clock.now() }, work)
  async function visit(perSecond: number, seconds: number): Promise<void> {
    for (let visits = 0; visits < perSecond * seconds; visits++) {
      invoke(() => recorder.record(String(visits % 50), VISIT))
      await clock.advance(1_000 / perSecond)
    }
  }
  return { recorder, commits, visit, invoke }
}

describe('an isolate with 334 visits a second, 40 ms from Redis', () => {
  test('commits once a window, whether a leader begins, leads or ends', { timeout: 60_000 }, async () => {
    const clock = createVirtualClock()
    const { commits, visit } = setup(clock, 40)
    await visit(334, 90)
    const pauses = commits.slice(1).map(({ at }, i) => at - (commits[i]?.at ?? 0))
    expect(Math.max(...pauses)).toBeLessThanOrEqual(2 * WINDOW_MS)
    // Where a leader takes over, two windows may overlap.
    expect(commits.length).toBeLessThanOrEqual(95)
    const sent = commits.reduce((sum, { hits }) => sum + hits, 0)
    expect(334 * 90 - sent).toBeLessThanOrEqual(334 * 2)
  })

  test('ends a commit that a flush asked for, though hits never cease', { timeout: 60_000 }, async () => {
    const clock = createVirtualClock()
    const { recorder, commits, visit, invoke } = setup(clock, 40)
    recorder.record('1', VISIT)
    let isDone = false
    void invoke(() => recorder.commit()).then(() => {
      isDone = true
    })
    await visit(334, 1)
    expect([isDone, commits.length]).toEqual([true, 1])
  })
})

describe('an isolate with one visit a second, 40 ms from Redis', () => {
  test('commits every 4 s, which keeps its memory in sync', { timeout: 60_000 }, async () => {
    const clock = createVirtualClock()
    const { commits, visit } = setup(clock, 40, 4_000)
    await visit(1, 300)
    const pauses = commits.slice(1).map(({ at }, i) => at - (commits[i]?.at ?? 0))
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4_000)
    // A leader's last window may be shorter.
    expect(commits.length).toBeLessThanOrEqual(300 / 3.5)
    const sent = commits.reduce((sum, { hits }) => sum + hits, 0)
    expect(300 - sent).toBeLessThanOrEqual(5)
  })

  test.each([2_000, 3_100, 3_700, 3_900])(
    'as well as one with a visit every %i ms',
    { timeout: 60_000 },
    async (everyMs) => {
      const clock = createVirtualClock()
      const { commits, visit } = setup(clock, 40, 4_000)
      await visit(1_000 / everyMs, 300)
      const pauses = commits.slice(1).map(({ at }, i) => at - (commits[i]?.at ?? 0))
      expect(commits.length).toBeGreaterThan(300 / 5)
      expect(Math.max(...pauses)).toBeLessThan(5_000)
    },
  )

  test.each([40, 900, 3_900])(
    'begins its commits in good time before the platform ends them, %i ms from Redis',
    {
      timeout: 60_000,
    },
    async (roundTripMs) => {
      const clock = createVirtualClock()
      const { commits, visit } = setup(clock, roundTripMs, 4_000)
      await visit(1, 300)
      expect(commits.length).toBeGreaterThan(300 / 10)
      // Two time-outs of Redis before its end.
      expect(Math.max(...commits.map(({ intoInvocationMs }) => intoInvocationMs))).toBeLessThanOrEqual(20_000)
    },
  )
})

test('an isolate whose Redis takes 9 s goes on committing, one after the other', {
  timeout: 60_000,
}, async () => {
  const clock = createVirtualClock()
  const { commits, visit } = setup(clock, 9_000)
  await visit(10, 300)
  const pauses = commits.slice(1).map(({ at }, i) => at - (commits[i]?.at ?? 0))
  expect(Math.max(...pauses)).toBeLessThanOrEqual(9_000 + 2 * WINDOW_MS)
})

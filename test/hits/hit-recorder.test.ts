import { describe, expect, test, vi } from 'vitest'
import { BreakerOpen } from '../../src/breaker.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { batchId, type HitBatch, type HitCounters } from '../../src/hits/hit-counters.ts'
import { createHitRecorder } from '../../src/hits/hit-recorder.ts'
import { createFakeVisits } from '../support/fake-visits.ts'

const NOTHING_LOST = {
  dropped: 0,
  returned: 0,
  repeated: 0,
  unknownVisits: 0,
  corruptLines: 0,
  unloggedVisits: 0,
}
const VISIT = new Request('https://h/x')
/** Not a window: a bound on what a commit waits for. */
const PREPARE_MS = 300

/** A recorder whose window ends when the test says so, over counters that remember what they were sent. */
function setup(maxLinks = 100, maxCommitWindowMs = 1_000) {
  const sent: HitBatch[] = []
  const repeated: boolean[] = []
  const applied: { id: string; hits: Record<string, number>; visits: string }[] = []
  const windows: (() => void)[] = []
  const work: Promise<unknown>[] = []
  const preparations: (() => void)[] = []
  let failure: Error | null = null
  let postgresFailure: Error | null = null
  let time = 1_000
  let duringSend = (): void => {}
  const counters: Pick<HitCounters, 'commit'> = {
    async commit(batch, isRepeated = false) {
      sent.push({ ...batch, hits: new Map(batch.hits) })
      repeated.push(isRepeated)
      duringSend()
      if (failure !== null) throw failure
    },
  }
  const visits = createFakeVisits(() => time)
  const recorder = createHitRecorder({
    counters,
    totals: async () => ({
      async apply(segments) {
        if (postgresFailure !== null) throw postgresFailure
        for (const { id, hits, visits } of segments) {
          applied.push({ id, hits: Object.fromEntries(hits), visits })
        }
        return { ...NOTHING_LOST, segments: 1, links: 0, hits: 0 }
      },
    }),
    visits,
    commitWindowMs: 1_000,
    maxCommitWindowMs,
    prepareWithinMs: PREPARE_MS,
    maxLinks,
    runtime: {
      now: () => time,
      sleep: (ms) => new Promise((resolve) => (ms === PREPARE_MS ? preparations : windows).push(resolve)),
      background: (event, promise) => {
        if (event === 'hits.leader_failed') work.push(promise)
        else promise.catch(() => {})
      },
    },
  })
  return {
    recorder,
    visits,
    preparations,
    sent,
    repeated,
    leaders: () => work.length,
    applied,
    /** `null` = the store is back. */
    fail: (error: Error | null) => {
      failure = error
    },
    failPostgres: (error: Error | null) => {
      postgresFailure = error
    },
    whileSending: (action: () => void) => {
      duringSend = action
    },
    advance: (ms: number) => {
      time += ms
    },
    async endWindow(lasting = 1_000) {
      time += lasting
      windows.shift()?.()
      // Lets the leader run until it sleeps again or is done.
      for (let turn = 0; turn < 40; turn++) await Promise.resolve()
    },
  }
}

const counts = (batch: HitBatch | undefined) => Object.fromEntries(batch?.hits ?? [])

describe('hit recorder', () => {
  test('sends the hits of one window as one batch, led by the first of them', async () => {
    const { recorder, sent, leaders, endWindow } = setup()
    for (const id of ['1', '2', '1']) recorder.record(id, VISIT)
    expect(leaders()).toBe(1)
    expect(sent).toHaveLength(0)
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 2, 2: 1 }])
  })

  test('gives hits that come during a commit a window of their own, led by the same leader', async () => {
    const { recorder, sent, leaders, endWindow, whileSending } = setup()
    whileSending(() => recorder.record('2', VISIT))
    recorder.record('1', VISIT)
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }])
    whileSending(() => {})
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    expect(leaders()).toBe(1)
  })

  test('a leader whose time is up hands over before its last commit', async () => {
    const { recorder, sent, leaders, endWindow, whileSending } = setup()
    whileSending(() => recorder.record('2', VISIT))
    recorder.record('1', VISIT)
    await endWindow(20_000)
    expect(sent.map(counts)).toEqual([{ 1: 1 }])
    expect(leaders()).toBe(2)
    whileSending(() => {})
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
  })

  describe('with a longer window', () => {
    test('gathers few hits for as long as that', async () => {
      const { recorder, sent, endWindow } = setup(100, 4_000)
      for (let second = 0; second < 3; second++) {
        recorder.record('1', VISIT)
        await endWindow()
      }
      expect(sent).toEqual([])
      await endWindow()
      expect(sent.map(counts)).toEqual([{ 1: 3 }])
    })

    test.each([
      ['of one link', () => '1'],
      ['of different links', String],
    ])('sends enough of them, %s, after the shorter one', async (_, idOf) => {
      const { recorder, sent, endWindow } = setup(100, 4_000)
      recorder.record(idOf(0), VISIT)
      await endWindow()
      for (let i = 1; i < 32; i++) recorder.record(idOf(i), VISIT)
      expect(sent).toEqual([])
      await endWindow()
      expect(Object.values(counts(sent[0])).reduce((sum, hits) => sum + hits, 0)).toBe(32)
    })

    test('counts it from the last commit, so that memory stays in sync', async () => {
      const { recorder, sent, endWindow, advance } = setup(100, 4_000)
      recorder.record('1', VISIT)
      for (let second = 0; second < 4; second++) await endWindow()
      advance(2_000)
      recorder.record('2', VISIT)
      await endWindow()
      expect(sent.map(counts)).toEqual([{ 1: 1 }])
      await endWindow()
      expect(sent.map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    })

    test('sends a batch in doubt again after the shorter one', async () => {
      const { recorder, sent, fail, endWindow } = setup(100, 4_000)
      fail(new Error('no answer'))
      recorder.record('1', VISIT)
      for (let second = 0; second < 4; second++) await endWindow()
      fail(null)
      await endWindow()
      expect(sent.map(counts)).toEqual([{ 1: 1 }, { 1: 1 }])
    })
  })

  test('numbers batches upwards, even when the clock stands still', async () => {
    const { recorder, sent, endWindow } = setup()
    for (let i = 0; i < 3; i++) {
      recorder.record('1', VISIT)
      await endWindow(0)
    }
    const sequences = sent.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    expect(new Set(sent.map(({ isolate }) => isolate)).size).toBe(1)
  })

  test('sends a failed batch again under the same identity, and later hits only after it', async () => {
    const { recorder, sent, fail, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1', VISIT)
    await endWindow()
    recorder.record('2', VISIT)
    await endWindow()
    fail(null)
    await endWindow()
    const [first, second, third, fourth] = sent
    expect([first, second, third].map(counts)).toEqual([{ 1: 1 }, { 1: 1 }, { 1: 1 }])
    expect(new Set([first, second, third].map((batch) => batch && batchId(batch))).size).toBe(1)
    expect(counts(fourth)).toEqual({ 2: 1 })
  })

  test('numbers later batches under another identity, so that none hides one that was sent again', async () => {
    const { recorder, sent, fail, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1', VISIT)
    await endWindow()
    fail(null)
    await endWindow()
    recorder.record('2', VISIT)
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }, { 1: 1 }, { 2: 1 }])
    expect(new Set(sent.map(({ isolate }) => isolate)).size).toBe(2)
    expect(sent[1]?.isolate).toBe(sent[0]?.isolate)
  })

  test('leaves what a leader could not send to the next one', async () => {
    const { recorder, sent, fail, leaders, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1', VISIT)
    for (let i = 0; i < 25; i++) await endWindow()
    fail(null)
    const tries = sent.length
    await endWindow()
    expect(sent).toHaveLength(tries)
    recorder.record('2', VISIT)
    expect(leaders()).toBe(2)
    await endWindow()
    expect(sent.slice(tries).map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    expect(sent[tries]?.sequence).toBe(sent[0]?.sequence)
  })

  test('sends what Redis has certainly not got straight to Postgres', async () => {
    const { recorder, sent, applied, fail, endWindow } = setup()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    recorder.record('1', VISIT)
    recorder.record('1', VISIT)
    await endWindow()
    expect(applied).toMatchObject([{ id: expect.stringContaining(sent[0]?.isolate ?? '?'), hits: { 1: 2 } }])
    fail(null)
    recorder.record('2', VISIT)
    await endWindow()
    expect(sent.slice(1).map(counts)).toEqual([{ 2: 1 }])
  })

  test('keeps an ambiguous batch for Redis, while later hits go to Postgres', async () => {
    const { recorder, sent, repeated, applied, fail, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1', VISIT)
    await endWindow()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    recorder.record('2', VISIT)
    await endWindow()
    expect(applied.map(({ hits }) => hits)).toEqual([{ 2: 1 }])
    fail(null)
    await endWindow()
    expect(counts(sent.at(-1))).toEqual({ 1: 1 })
    expect(sent.at(-1)?.sequence).toBe(sent[0]?.sequence)
    expect(repeated).toEqual([false, true, true])
    expect(recorder.state()).toEqual({ waitingLinks: 0, droppedHits: 0 })
  })

  test('after three failures in a row sends later hits to Postgres, whatever the circuit breaker says', async () => {
    const { recorder, applied, fail, endWindow } = setup()
    fail(new Error('WRONGTYPE'))
    recorder.record('1', VISIT)
    for (let i = 0; i < 3; i++) {
      recorder.record('2', VISIT)
      expect(applied).toEqual([])
      await endWindow()
    }
    expect(applied.map(({ hits }) => hits)).toEqual([{ 2: 2 }])
  })

  test('writes to Postgres a few times a minute while Redis is down, not once a window', async () => {
    const { recorder, applied, fail, endWindow } = setup()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    for (let second = 0; second < 300; second++) {
      recorder.record('1', VISIT)
      await endWindow()
    }
    expect(applied.length).toBeLessThanOrEqual(20)
    const inPostgres = applied.reduce((sum, { hits }) => sum + (hits['1'] ?? 0), 0)
    expect(inPostgres).toBeGreaterThan(300 - 20)
  })

  test('goes on committing to Redis while Postgres does not take what was sent there', async () => {
    const { recorder, sent, applied, fail, failPostgres, endWindow } = setup()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    failPostgres(new Error('no answer'))
    recorder.record('1', VISIT)
    await endWindow()
    fail(null)
    const before = sent.length
    for (let i = 0; i < 3; i++) {
      recorder.record('2', VISIT)
      await endWindow()
    }
    expect(sent.slice(before).map(counts)).toEqual([{ 2: 1 }, { 2: 1 }, { 2: 1 }])
    expect(recorder.state().waitingLinks).toBe(1)
    failPostgres(null)
    await endWindow()
    expect(applied.map(({ hits }) => hits)).toEqual([{ 1: 1 }])
    expect(recorder.state().waitingLinks).toBe(0)
  })

  test('gives to Redis, once it is back, what Postgres has certainly not got', async () => {
    const { recorder, sent, fail, failPostgres, endWindow } = setup()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    failPostgres(new SourceUnavailable('postgres', new BreakerOpen()))
    recorder.record('1', VISIT)
    await endWindow()
    fail(null)
    await endWindow()
    expect(counts(sent.at(-1))).toEqual({ 1: 1 })
    expect(recorder.state().waitingLinks).toBe(0)
  })

  test('an invocation that may send no more requests leaves the rest to the next one', async () => {
    const { recorder, sent, leaders, applied, fail, endWindow } = setup()
    fail(new SourceUnavailable('redis', new Error('Too many subrequests.'), false))
    recorder.record('1', VISIT)
    await endWindow()
    fail(null)
    recorder.record('2', VISIT)
    expect(leaders()).toBe(2)
    await endWindow()
    expect([sent.slice(1).map(counts), applied]).toEqual([[{ 1: 1, 2: 1 }], []])
  })

  test('bounds all that it keeps, also of what waits for a store', async () => {
    const { recorder, fail, failPostgres, endWindow } = setup(5)
    failPostgres(new Error('no answer'))
    fail(new Error('no answer'))
    for (const id of ['1', '2']) recorder.record(id, VISIT)
    await endWindow()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    for (const id of ['3', '4']) recorder.record(id, VISIT)
    await endWindow()
    for (const id of ['5', '6', '7', '5']) recorder.record(id, VISIT)
    expect(recorder.state()).toEqual({ waitingLinks: 5, droppedHits: 2 })
  })

  test('bounds what it keeps, and counts what it drops', () => {
    const { recorder } = setup(3)
    for (const id of ['1', '2', '3', '4', '5', '1']) recorder.record(id, VISIT)
    expect(recorder.state()).toEqual({ waitingLinks: 3, droppedHits: 2 })
  })

  describe('visits', () => {
    const visit = (name: string) => new Request(`https://h/x?utm_source=${name}`)
    /** The UTM sources that a text tells of. */
    const named = (text = ''): string[] =>
      text
        .split('\n')
        .flatMap((line) => line.split('\t')[10] ?? [])
        .sort()

    test('go with their hits, and those of a dropped hit do not', async () => {
      const { recorder, sent, endWindow } = setup(1)
      recorder.record('1', visit('a'))
      recorder.record('2', visit('dropped'))
      recorder.record('1', visit('b'))
      await endWindow()
      expect(sent.map(({ visits }) => named(visits))).toEqual([['a', 'b']])
    })

    test('of a batch that is sent again are the same text, those that came later follow with theirs', async () => {
      const { recorder, sent, fail, endWindow } = setup()
      fail(new Error('no answer'))
      recorder.record('1', visit('a'))
      await endWindow()
      recorder.record('1', visit('b'))
      await endWindow()
      fail(null)
      await endWindow()
      expect(sent.map(({ visits }) => named(visits))).toEqual([['a'], ['a'], ['a'], ['b']])
      expect(new Set(sent.slice(0, 3).map(({ visits }) => visits)).size).toBe(1)
    })

    test('of a batch that was never sent go with the next one', async () => {
      const { recorder, sent, fail, endWindow } = setup()
      fail(new SourceUnavailable('redis', new Error('Too many subrequests.'), false))
      recorder.record('1', visit('a'))
      await endWindow()
      fail(null)
      recorder.record('1', visit('b'))
      await endWindow()
      expect(sent.slice(1).map((batch) => [counts(batch), named(batch.visits)])).toEqual([
        [{ 1: 2 }, ['a', 'b']],
      ])
    })

    test('go to Postgres with hits that do', async () => {
      const { recorder, applied, fail, endWindow } = setup()
      fail(new SourceUnavailable('redis', new BreakerOpen()))
      recorder.record('1', visit('a'))
      await endWindow()
      expect(applied.map(({ visits }) => named(visits))).toEqual([['a']])
    })

    test('that Postgres has certainly not got either go to Redis with their hits', async () => {
      const { recorder, sent, fail, failPostgres, endWindow } = setup()
      fail(new SourceUnavailable('redis', new BreakerOpen()))
      failPostgres(new SourceUnavailable('postgres', new BreakerOpen()))
      recorder.record('1', visit('a'))
      await endWindow()
      fail(null)
      await endWindow()
      expect([counts(sent.at(-1)), named(sent.at(-1)?.visits)]).toEqual([{ 1: 1 }, ['a']])
    })

    test('are prepared before their batch is taken, which takes along what came meanwhile', async () => {
      const { recorder, visits, sent, endWindow } = setup()
      const begun = Promise.withResolvers<void>()
      const prepare = vi.spyOn(visits, 'prepare').mockReturnValue(begun.promise)
      recorder.record('1', visit('a'))
      await endWindow()
      recorder.record('1', visit('b'))
      expect([prepare.mock.calls.length, sent]).toEqual([1, []])
      begun.resolve()
      await endWindow()
      expect(sent.map((batch) => [counts(batch), named(batch.visits)])).toEqual([[{ 1: 2 }, ['a', 'b']]])
    })

    test('do not hold up a commit by more than the time-out', async () => {
      const { recorder, visits, preparations, sent, endWindow } = setup()
      vi.spyOn(visits, 'prepare').mockReturnValue(new Promise(() => {}))
      recorder.record('1', visit('a'))
      await endWindow()
      expect(sent).toEqual([])
      preparations.shift()?.()
      await endWindow()
      expect(sent.map(({ visits }) => named(visits))).toEqual([['a']])
    })

    test('are not prepared while Redis fails', async () => {
      const { recorder, visits, fail, endWindow } = setup()
      const prepare = vi.spyOn(visits, 'prepare')
      fail(new SourceUnavailable('redis', new BreakerOpen()))
      for (let i = 0; i < 3; i++) {
        recorder.record('1', visit('a'))
        await endWindow()
      }
      expect(prepare).toHaveBeenCalledTimes(1)
      fail(null)
      for (let i = 0; i < 2; i++) {
        recorder.record('1', visit('a'))
        await endWindow()
      }
      expect(prepare).toHaveBeenCalledTimes(2)
    })

    test('of codes that no link has are sent without any hits, after the longer window', async () => {
      const { recorder, sent, leaders, endWindow } = setup(100, 4_000)
      for (let i = 0; i < 50; i++) recorder.recordMiss({ domain: '*', code: 'none' })
      expect(leaders()).toBe(1)
      for (let second = 0; second < 3; second++) await endWindow()
      expect(sent).toEqual([])
      await endWindow()
      expect(sent.map((batch) => [counts(batch), batch.visits])).toEqual([[{}, '!\t0\t*\tnone\t50\n']])
      await endWindow()
      recorder.recordMiss({ domain: '*', code: 'none' })
      expect(leaders()).toBe(2)
    })
  })

  test('replaces a leader that the platform cut off', () => {
    const { recorder, leaders, advance } = setup()
    recorder.record('1', VISIT)
    advance(30_000)
    recorder.record('1', VISIT)
    expect(leaders()).toBe(1)
    advance(10_000)
    recorder.record('1', VISIT)
    expect(leaders()).toBe(2)
  })
})

import { describe, expect, test } from 'vitest'
import { BreakerOpen } from '../../src/breaker.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import type { HitBatch, HitCounters } from '../../src/hits/hit-counters.ts'
import { createHitRecorder } from '../../src/hits/hit-recorder.ts'

/** A recorder whose window ends when the test says so, over counters that remember what they were sent. */
function setup(maxLinks = 100) {
  const sent: HitBatch[] = []
  const applied: { id: string; hits: Record<string, number> }[] = []
  const windows: (() => void)[] = []
  const work: Promise<unknown>[] = []
  let failure: Error | null = null
  let time = 1_000
  let duringSend = (): void => {}
  const counters: Pick<HitCounters, 'commit'> = {
    async commit(batch) {
      sent.push({ ...batch, hits: new Map(batch.hits) })
      duringSend()
      if (failure !== null) throw failure
    },
  }
  const recorder = createHitRecorder({
    counters,
    totals: async () => ({
      async apply({ id, hits }) {
        applied.push({ id, hits: Object.fromEntries(hits) })
        return { fresh: true, links: hits.size, hits: 0 }
      },
    }),
    commitWindowMs: 1_000,
    maxLinks,
    runtime: {
      now: () => time,
      sleep: () => new Promise((resolve) => windows.push(resolve)),
      background: (_event, promise) => work.push(promise),
    },
  })
  return {
    recorder,
    sent,
    leaders: () => work.length,
    applied,
    /** `null` = the store is back. */
    fail: (error: Error | null) => {
      failure = error
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
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    },
  }
}

const counts = (batch: HitBatch | undefined) => Object.fromEntries(batch?.hits ?? [])

describe('hit recorder', () => {
  test('sends the hits of one window as one batch, led by the first of them', async () => {
    const { recorder, sent, leaders, endWindow } = setup()
    for (const id of ['1', '2', '1']) recorder.record(id)
    expect(leaders()).toBe(1)
    expect(sent).toHaveLength(0)
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 2, 2: 1 }])
  })

  test('gives hits that come during a commit a window of their own, led by the same leader', async () => {
    const { recorder, sent, leaders, endWindow, whileSending } = setup()
    whileSending(() => recorder.record('2'))
    recorder.record('1')
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }])
    whileSending(() => {})
    await endWindow()
    expect(sent.map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    expect(leaders()).toBe(1)
  })

  test('a leader whose time is up leaves nothing behind that came during its last commit', async () => {
    const { recorder, sent, leaders, endWindow, whileSending } = setup()
    let more = 3
    whileSending(() => {
      if (more-- > 0) recorder.record('2')
    })
    recorder.record('1')
    await endWindow(20_000)
    expect(sent.map(counts)).toEqual([{ 1: 1 }, { 2: 1 }, { 2: 1 }, { 2: 1 }])
    recorder.record('3')
    expect(leaders()).toBe(2)
  })

  test('numbers batches upwards, even when the clock stands still', async () => {
    const { recorder, sent, endWindow } = setup()
    for (let i = 0; i < 3; i++) {
      recorder.record('1')
      await endWindow(0)
    }
    const sequences = sent.map(({ sequence }) => sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    expect(new Set(sent.map(({ isolate }) => isolate)).size).toBe(1)
  })

  test('sends a failed batch again under the same identity, and later hits only after it', async () => {
    const { recorder, sent, fail, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1')
    await endWindow()
    recorder.record('2')
    await endWindow()
    fail(null)
    await endWindow()
    const [first, second, third, fourth] = sent
    expect([first, second, third].map(counts)).toEqual([{ 1: 1 }, { 1: 1 }, { 1: 1 }])
    expect(new Set([first, second, third].map((batch) => batch?.sequence)).size).toBe(1)
    expect(counts(fourth)).toEqual({ 2: 1 })
  })

  test('leaves what a leader could not send to the next one', async () => {
    const { recorder, sent, fail, leaders, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1')
    for (let i = 0; i < 25; i++) await endWindow()
    fail(null)
    const tries = sent.length
    await endWindow()
    expect(sent).toHaveLength(tries)
    recorder.record('2')
    expect(leaders()).toBe(2)
    await endWindow()
    expect(sent.slice(tries).map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    expect(sent[tries]?.sequence).toBe(sent[0]?.sequence)
  })

  test('sends what Redis has certainly not seen straight to Postgres', async () => {
    const { recorder, sent, applied, fail, endWindow } = setup()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    recorder.record('1')
    recorder.record('1')
    await endWindow()
    const [batch] = sent
    expect(applied).toEqual([{ id: `${batch?.isolate}-${batch?.sequence}`, hits: { 1: 2 } }])
    fail(null)
    recorder.record('2')
    await endWindow()
    expect(sent.slice(1).map(counts)).toEqual([{ 2: 1 }])
  })

  test('keeps an ambiguous batch for Redis, while later hits go to Postgres', async () => {
    const { recorder, sent, applied, fail, endWindow } = setup()
    fail(new Error('no answer'))
    recorder.record('1')
    await endWindow()
    fail(new SourceUnavailable('redis', new BreakerOpen()))
    recorder.record('2')
    await endWindow()
    expect(applied.map(({ hits }) => hits)).toEqual([{ 2: 1 }])
    fail(null)
    await endWindow()
    expect(counts(sent.at(-1))).toEqual({ 1: 1 })
    expect(sent.at(-1)?.sequence).toBe(sent[0]?.sequence)
    expect(recorder.state()).toEqual({ waitingLinks: 0, droppedHits: 0 })
  })

  test('bounds what it keeps, and counts what it drops', () => {
    const { recorder } = setup(3)
    for (const id of ['1', '2', '3', '4', '5', '1']) recorder.record(id)
    expect(recorder.state()).toEqual({ waitingLinks: 3, droppedHits: 2 })
  })

  test('replaces a leader that the platform cut off', () => {
    const { recorder, leaders, advance } = setup()
    recorder.record('1')
    advance(30_000)
    recorder.record('1')
    expect(leaders()).toBe(1)
    advance(10_000)
    recorder.record('1')
    expect(leaders()).toBe(2)
  })
})

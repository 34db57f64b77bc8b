import { describe, expect, test } from 'vitest'
import type { HitBatch, HitCounters } from '../../src/hits/hit-counters.ts'
import { createHitRecorder } from '../../src/hits/hit-recorder.ts'

/** A recorder whose window ends when the test says so, over counters that remember what they were sent. */
function setup() {
  const sent: HitBatch[] = []
  const windows: (() => void)[] = []
  const work: Promise<unknown>[] = []
  let failing = false
  let time = 1_000
  const counters: Pick<HitCounters, 'commit'> = {
    async commit(batch) {
      sent.push({ ...batch, hits: new Map(batch.hits) })
      if (failing) throw new Error('no answer')
    },
  }
  const recorder = createHitRecorder({
    counters,
    commitWindowMs: 1_000,
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
    fail: (on: boolean) => {
      failing = on
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
    fail(true)
    recorder.record('1')
    await endWindow()
    recorder.record('2')
    await endWindow()
    fail(false)
    await endWindow()
    const [first, second, third, fourth] = sent
    expect([first, second, third].map(counts)).toEqual([{ 1: 1 }, { 1: 1 }, { 1: 1 }])
    expect(new Set([first, second, third].map((batch) => batch?.sequence)).size).toBe(1)
    expect(counts(fourth)).toEqual({ 2: 1 })
  })

  test('leaves what a leader could not send to the next one', async () => {
    const { recorder, sent, fail, leaders, endWindow } = setup()
    fail(true)
    recorder.record('1')
    for (let i = 0; i < 25; i++) await endWindow()
    fail(false)
    const tries = sent.length
    await endWindow()
    expect(sent).toHaveLength(tries)
    recorder.record('2')
    expect(leaders()).toBe(2)
    await endWindow()
    expect(sent.slice(tries).map(counts)).toEqual([{ 1: 1 }, { 2: 1 }])
    expect(sent[tries]?.sequence).toBe(sent[0]?.sequence)
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

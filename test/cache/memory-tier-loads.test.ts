import { describe, expect, test } from 'vitest'
import { key, linkOf, openMemoryTier } from './open-memory-tier.ts'

describe('loads of one link at the same time', () => {
  test('are one', async () => {
    const { tier, hold, loads } = openMemoryTier()
    const release = hold()
    const found = Promise.all(Array.from({ length: 100 }, () => tier.find(key)))
    release()
    expect(new Set(await found)).toEqual(new Set([linkOf(1)]))
    expect(loads.length).toBe(1)
  })

  test('one that never ends is given up, by all who waited for one other', async () => {
    const { tier, hold, advance, loads } = openMemoryTier()
    hold()
    void tier.find(key)
    const waiting = Promise.all(Array.from({ length: 50 }, () => tier.find(key)))
    const release = hold()
    await advance(1_000)
    release()
    expect((await waiting).every((link) => link?.version === 1)).toBe(true)
    expect(loads.length).toBe(2)
  })

  test.each([
    ['more than a second ago', async ({ advance }: ReturnType<typeof openMemoryTier>) => advance(1_001)],
    ['before an edit that is known', async ({ sync }: ReturnType<typeof openMemoryTier>) => sync('2 */a')],
    ['before a gap of the change log', async ({ gap }: ReturnType<typeof openMemoryTier>) => gap()],
  ])('no visitor joins one that began %s', async (_, happen) => {
    const world = openMemoryTier()
    const { tier, hold, letPass, set } = world
    hold()
    void tier.find(key)
    set(linkOf(2))
    await happen(world)
    letPass()
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('one that began earlier does not take the place of a later one', async () => {
    const { tier, hold, letPass, set, advance } = openMemoryTier()
    const release = hold()
    const old = tier.find(key)
    await advance(1_001)
    set(linkOf(2))
    letPass()
    expect(await tier.find(key)).toEqual(linkOf(2))
    release()
    await old
    expect(tier.peek(key)).toEqual(linkOf(2))
  })
})

describe('a link that is edited while it is being loaded', () => {
  test('is loaded again, also for visitors who waited', async () => {
    const { tier, hold, set, sync, loads } = openMemoryTier()
    const release = hold()
    const found = Promise.all([tier.find(key), tier.find(key)])
    set(linkOf(2))
    sync('2 */a')
    release()
    expect(await found).toEqual([linkOf(2), linkOf(2)])
    expect(tier.peek(key)).toEqual(linkOf(2))
    expect(loads.length).toBe(2)
  })

  test('is loaded again if it was not there yet, or is not there any more', async () => {
    const { tier, hold, set, sync } = openMemoryTier()
    set(null)
    const release = hold()
    const found = tier.find(key)
    set(linkOf(2))
    sync('2 */a')
    release()
    expect(await found).toEqual(linkOf(2))
  })

  test('during each of five loads cannot be told', async () => {
    const { tier, hold, sync, advance, loads } = openMemoryTier()
    let release = hold()
    const found = expect(tier.find(key)).rejects.toThrow('redis is unavailable')
    for (let version = 2; version <= 6; version++) {
      sync(`${version} */a`)
      const next = hold()
      release()
      release = next
      await advance(0)
    }
    await found
    expect(loads).toEqual([0, 2, 3, 4, 5])
  })

  test('is what Postgres says it is, whatever the change log claims', async () => {
    const { tier, sync, loads } = openMemoryTier()
    sync(`${Number.MAX_SAFE_INTEGER} */a`)
    expect(await tier.find(key)).toEqual(linkOf(1))
    expect(tier.peek(key)).toEqual(linkOf(1))
    expect(loads).toEqual([Number.MAX_SAFE_INTEGER])
  })
})

describe('a clock that jumps', () => {
  test('back by an hour makes nothing last for an hour', async () => {
    const { tier, advance, sync, loads } = openMemoryTier()
    await tier.find(key)
    sync()
    await advance(-60 * 60_000)
    expect(tier.peek(key)).toBeUndefined()
    await tier.find(key)
    // What is loaded then is remembered, and the change log keeps it in sync again.
    sync()
    await advance(4_999)
    expect(tier.peek(key)).toEqual(linkOf(1))
    sync()
    await advance(4_999)
    expect(tier.peek(key)).toEqual(linkOf(1))
    await advance(1)
    expect(tier.peek(key)).toBeUndefined()
    expect(loads.length).toBe(2)
  })

  test('forward by an hour makes it ask again', async () => {
    const { tier, advance, set } = openMemoryTier()
    await tier.find(key)
    set(linkOf(2))
    await advance(60 * 60_000)
    expect(await tier.find(key)).toEqual(linkOf(2))
  })
})

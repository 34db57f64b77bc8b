import { describe, expect, test } from 'vitest'
import { type MemoryTier, memoryTier } from '../../src/cache/memory-tier.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import type { Link } from '../../src/links/link.ts'

const key = { domain: '*', code: 'a' }
const linkOf = (version: number): Link => ({
  id: '1',
  url: `https://example.com/${version}`,
  status: 302,
  enabled: true,
  expiresAt: null,
  forwardQuery: false,
  version,
})

/** A memory tier over an origin and a change log that the test controls, in virtual time. */
function setup(options: { readonly maxLinks?: number } = {}) {
  let time = 1_000_000
  let current: Link | null | Error = linkOf(1)
  let loads = 0
  let gate: Promise<void> | null = null
  const sleepers: { readonly at: number; readonly wake: () => void }[] = []
  const tier: MemoryTier = memoryTier({
    ...options,
    runtime: {
      now: () => time,
      sleep: (ms) => new Promise((wake) => sleepers.push({ at: time + ms, wake })),
      background: () => {},
    },
    origin: {
      async find() {
        loads++
        const answer = current
        await gate
        if (answer instanceof Error) throw answer
        return answer
      },
    },
  })
  let entryNumber = 0
  const sync = (...texts: string[]) => {
    const entries = texts.map((text) => [`${++entryNumber}-0`, ['c', text]])
    const cursor = tier.changeLog.cursor()
    tier.changeLog.receive(cursor === '' ? [['0-1', ['c', '']]] : [[cursor, ['c', '']], ...entries], time)
  }
  sync()
  return {
    tier,
    sync,
    loads: () => loads,
    set: (value: Link | null | Error) => {
      current = value
    },
    /** Holds back the answers of loads that begin from now on; what they found is settled. */
    hold: () => {
      let release = (): void => {}
      gate = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        gate = null
        release()
      }
    },
    async advance(ms: number) {
      time += ms
      for (const { at, wake } of sleepers) if (at <= time) wake()
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    },
  }
}

describe('memory tier', () => {
  test('serves what it has for 5 s, and reading it does not make it last longer', async () => {
    const { tier, advance, loads } = setup()
    for (let second = 0; second < 5; second++) {
      await tier.find(key)
      await advance(1_000)
    }
    expect(loads()).toBe(1)
    await tier.find(key)
    expect(loads()).toBe(2)
  })

  test('serves it for longer while the change log is read, but never for more than a minute', async () => {
    const { tier, advance, sync, loads } = setup()
    await tier.find(key)
    for (let second = 1; second < 60; second++) {
      await advance(1_000)
      sync()
      await tier.find(key)
    }
    expect(loads()).toBe(1)
    await advance(1_000)
    sync()
    await tier.find(key)
    expect(loads()).toBe(2)
  })

  test('drops an edited link as soon as the change log tells', async () => {
    const { tier, set, sync } = setup()
    await tier.find(key)
    set(linkOf(2))
    sync('2 */a')
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('keeps what is as new as the change log says', async () => {
    const { tier, sync, loads } = setup()
    await tier.find(key)
    sync('1 */a\n7 */b')
    await tier.find(key)
    expect(loads()).toBe(1)
  })

  test('remembers absent links too, until one is made', async () => {
    const { tier, set, sync, loads } = setup()
    set(null)
    expect(await tier.find(key)).toBeNull()
    expect(await tier.find(key)).toBeNull()
    expect(loads()).toBe(1)
    set(linkOf(3))
    sync('3 */a')
    expect(await tier.find(key)).toEqual(linkOf(3))
  })

  test('does not keep an old link that arrives after the change log told of a newer one', async () => {
    const { tier, hold, set, sync, loads } = setup()
    const release = hold()
    const old = tier.find(key)
    set(linkOf(2))
    sync('2 */a')
    release()
    expect(await old).toEqual(linkOf(1))
    expect(await tier.find(key)).toEqual(linkOf(2))
    expect(loads()).toBe(2)
  })

  test.each([
    ['a gap', (tier: MemoryTier) => tier.changeLog.receive([['99-0', ['c', '']]], 2_000_000)],
    [
      'a clearing entry',
      (tier: MemoryTier) =>
        tier.changeLog.receive(
          [
            [tier.changeLog.cursor(), []],
            ['99-0', ['c', '*']],
          ],
          2_000_000,
        ),
    ],
    ['nothing at all', (tier: MemoryTier) => tier.changeLog.receive([], 2_000_000)],
    [
      'an entry it cannot read',
      (tier: MemoryTier) =>
        tier.changeLog.receive(
          [
            [tier.changeLog.cursor(), []],
            ['99-0', ['c', 'junk']],
          ],
          2_000_000,
        ),
    ],
  ])('trusts nothing any more when the change log has %s, what is being loaded too', async (_, receive) => {
    const { tier, hold, loads } = setup()
    await tier.find(key)
    const release = hold()
    const loading = tier.find({ ...key, code: 'b' })
    receive(tier)
    release()
    await loading
    await tier.find(key)
    await tier.find({ ...key, code: 'b' })
    expect(loads()).toBe(4)
  })

  test('shares one load among all who ask at the same time', async () => {
    const { tier, hold, loads } = setup()
    const release = hold()
    const found = Promise.all(Array.from({ length: 100 }, () => tier.find(key)))
    release()
    expect(new Set(await found)).toEqual(new Set([linkOf(1)]))
    expect(loads()).toBe(1)
  })

  test('gives up on a load that never ends, one for all who waited', async () => {
    const { tier, hold, advance, loads } = setup()
    hold()
    void tier.find(key)
    const waiting = Promise.all(Array.from({ length: 50 }, () => tier.find(key)))
    const release = hold()
    await advance(1_000)
    release()
    expect((await waiting).every((link) => link?.version === 1)).toBe(true)
    expect(loads()).toBe(2)
  })

  test('serves what it has when no store answers, for an hour', async () => {
    const { tier, set, advance } = setup()
    await tier.find(key)
    set(new SourceUnavailable('postgres', new Error('down')))
    await advance(30 * 60_000)
    expect(await tier.find(key)).toEqual(linkOf(1))
    await expect(tier.find({ ...key, code: 'b' })).rejects.toThrow('postgres is unavailable')
    await advance(31 * 60_000)
    await expect(tier.find(key)).rejects.toThrow('postgres is unavailable')
    set(linkOf(2))
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('serves what it had before a gap of the change log too, but only when no store answers', async () => {
    const { tier, set } = setup()
    await tier.find(key)
    tier.changeLog.receive([], 2_000_000)
    set(new SourceUnavailable('postgres', new Error('down')))
    expect(await tier.find(key)).toEqual(linkOf(1))
    set(linkOf(2))
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('is bounded', async () => {
    const { tier } = setup({ maxLinks: 100 })
    for (let i = 0; i < 1_000; i++) await tier.find({ domain: '*', code: `c${i}` })
    expect(tier.size()).toBe(100)
  })
})

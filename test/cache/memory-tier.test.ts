import { describe, expect, test } from 'vitest'
import { SourceUnavailable } from '../../src/errors.ts'
import { parseNews } from '../../src/redis/scripts/changes.ts'
import { key, linkOf, openMemoryTier, settle } from './open-memory-tier.ts'

const DOWN = new SourceUnavailable('postgres', new Error('down'))

describe('memory tier', () => {
  test('serves what it has for 5 s, and reading it does not make it last longer', async () => {
    const { tier, advance, loads } = openMemoryTier()
    for (let second = 0; second < 5; second++) {
      await tier.find(key)
      await advance(1_000)
    }
    expect(loads.length).toBe(1)
    await tier.find(key)
    expect(loads.length).toBe(2)
  })

  test('serves it for longer while the change log is read, but never for more than a minute', async () => {
    const { tier, advance, sync, loads } = openMemoryTier()
    await tier.find(key)
    for (let second = 1; second < 60; second++) {
      await advance(1_000)
      sync()
      await tier.find(key)
    }
    expect(loads.length).toBe(1)
    await advance(1_000)
    sync()
    await tier.find(key)
    expect(loads.length).toBe(2)
  })

  test('drops an edited link as soon as the change log tells', async () => {
    const { tier, set, sync } = openMemoryTier()
    await tier.find(key)
    set(linkOf(2))
    sync('2 */a')
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('keeps what is as new as the change log says', async () => {
    const { tier, sync, loads } = openMemoryTier()
    await tier.find(key)
    sync('1 */a\n7 */b')
    await tier.find(key)
    expect(loads.length).toBe(1)
  })

  test('remembers absent links too, until one is made', async () => {
    const { tier, set, sync, loads } = openMemoryTier()
    set(null)
    expect(await tier.find(key)).toBeNull()
    expect(await tier.find(key)).toBeNull()
    expect(loads.length).toBe(1)
    set(linkOf(3))
    sync('3 */a')
    expect(await tier.find(key)).toEqual(linkOf(3))
  })

  test('asks once for a link that was deleted, not again for every visitor', async () => {
    const { tier, set, sync, advance, loads } = openMemoryTier()
    await tier.find(key)
    set(null)
    sync('5 */a')
    for (let second = 0; second < 10; second++) {
      expect(await tier.find(key)).toBeNull()
      await advance(1_000)
      // What the isolate published itself comes back to it.
      sync('5 */a')
    }
    expect(loads.length).toBe(2)
  })

  test('tells the tier behind it which version it must have at least', async () => {
    const { tier, sync, loads } = openMemoryTier()
    await tier.find(key)
    sync('2 */a')
    await tier.find(key)
    expect(loads).toEqual([0, 2])
  })

  test('is bounded', async () => {
    const { tier } = openMemoryTier({ maxEntries: 100 })
    for (let i = 0; i < 1_000; i++) await tier.find({ domain: '*', code: `c${i}` })
    expect(tier.size()).toBe(100)
  })
})

describe('memory tier, when the change log has a gap', () => {
  test.each([
    ['there is none to read on from', ['gap', '99-0']],
    ['Redis has gone back', ['back', '99-0']],
    ['it tells of any link', ['news', '99-0', '*']],
    ['its entry is malformed', ['news', '99-0', 'junk']],
    ['it tells of a version that is no number', ['news', '99-0', `${'9'.repeat(400)} */a`]],
    ['it holds something else than texts', ['news', '99-0', 17, null, ['c']]],
    ['it is something else', 'OK'],
    ['it is nothing at all', null],
  ])('trusts nothing any more, what is being loaded neither: %s', async (_, answer) => {
    const { tier, changeLog, hold, loads, now } = openMemoryTier()
    await tier.find(key)
    const release = hold()
    const loading = tier.find({ ...key, code: 'b' })
    changeLog.receive(parseNews(answer), now())
    release()
    await loading
    await tier.find(key)
    await tier.find({ ...key, code: 'b' })
    expect(loads.length).toBe(4)
  })

  test('lets no redirect wait: what is within the bound is served, and refreshed once', async () => {
    const { tier, advance, sync, gap, set, hold, loads } = openMemoryTier()
    await tier.find(key)
    await advance(4_000)
    sync()
    await advance(1_000)
    gap()
    set(linkOf(2))
    const release = hold()
    for (let visitor = 0; visitor < 10; visitor++) expect(tier.peek(key)).toEqual(linkOf(1))
    expect(loads.length).toBe(2)
    release()
    await settle()
    expect(tier.peek(key)).toEqual(linkOf(2))
  })

  test('serves what it had for no more than 5 s from when it was in sync, though later answers come', async () => {
    const { tier, advance, sync, gap, hold } = openMemoryTier()
    await tier.find(key)
    await advance(4_000)
    sync()
    await advance(1_000)
    gap()
    // The refresh never ends.
    hold()
    await advance(3_999)
    sync()
    expect(tier.peek(key)).toEqual(linkOf(1))
    await advance(1)
    sync()
    expect(tier.peek(key)).toBeUndefined()
  })

  test('says so when Redis has gone back', () => {
    const { changeLog, now, wentBack } = openMemoryTier()
    changeLog.receive(parseNews(['back', '1-0']), now())
    expect(wentBack()).toBe(1)
  })
})

describe('memory tier, when no register and not Postgres tells of a link', () => {
  test('serves what it has while Redis is down too, for an hour', async () => {
    const { tier, set, advance, answerWith } = openMemoryTier()
    await tier.find(key)
    set(DOWN)
    answerWith(new SourceUnavailable('redis', new Error('down')))
    await advance(30 * 60_000)
    expect(await tier.find(key)).toEqual(linkOf(1))
    await expect(tier.find({ ...key, code: 'b' })).rejects.toThrow('postgres is unavailable')
    await advance(31 * 60_000)
    await expect(tier.find(key)).rejects.toThrow('postgres is unavailable')
    set(linkOf(2))
    expect(await tier.find(key)).toEqual(linkOf(2))
  })

  test('serves what it had before a gap, but only while Redis is down too', async () => {
    const { tier, set, advance, gap, answerWith, newest } = openMemoryTier()
    await tier.find(key)
    await advance(5_000)
    gap()
    set(DOWN)
    await advance(1_000)
    answerWith(new SourceUnavailable('redis', new Error('down')))
    expect(await tier.find(key)).toEqual(linkOf(1))
    answerWith(['news', newest()])
    await expect(tier.find(key)).rejects.toThrow('postgres is unavailable')
  })

  test('serves what the change log says is unchanged', async () => {
    const { tier, set, advance, answerWith, newest } = openMemoryTier()
    await tier.find(key)
    set(DOWN)
    answerWith(['news', newest()])
    await advance(5_000)
    expect(await tier.find(key)).toEqual(linkOf(1))
  })

  test.each([
    ['was edited', '2 */a'],
    ['may have been edited', '*'],
  ])('serves nothing that %s, as the change log says', async (_, text) => {
    const { tier, set, advance, answerWith } = openMemoryTier()
    await tier.find(key)
    set(DOWN)
    answerWith(['news', '99-0', text])
    await advance(5_000)
    await expect(tier.find(key)).rejects.toThrow('postgres is unavailable')
  })
})

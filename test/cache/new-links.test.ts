import { describe, expect, test } from 'vitest'
import { SourceUnavailable } from '../../src/errors.ts'
import { key, linkOf, openMemoryTier, settle } from './open-memory-tier.ts'

/** What the change log tells of new links. */
const NEW_LINKS = '+'
const LAG_MS = 3_000

/** An isolate that knows the link not to exist, and has followed the change log for so long that replicas may be asked. */
async function openWithout(lagMs = 0) {
  const opened = openMemoryTier({ lagMs })
  opened.set(null)
  await opened.advance(LAG_MS + 1)
  opened.sync()
  return opened
}

describe('memory tier, when new links are told of without their names', () => {
  test('goes on serving the links that it has', async () => {
    const { tier, advance, sync, loads } = openMemoryTier()
    await tier.find(key)
    for (let second = 1; second < 60; second++) {
      await advance(1_000)
      sync(NEW_LINKS, NEW_LINKS)
      expect(tier.peek(key)).toEqual(linkOf(1))
    }
    expect(loads.length).toBe(1)
  })

  test('takes no link for absent that it asked for more than 5 s ago', async () => {
    const { tier, advance, sync, set } = await openWithout()
    await tier.find(key)
    set(linkOf(1))
    await advance(4_999)
    sync(NEW_LINKS)
    expect(tier.peek(key)).toBeNull()
    await advance(1)
    sync()
    expect(tier.peek(key)).toBeUndefined()
    expect(await tier.find(key)).toEqual(linkOf(1))
  })

  test('nor one that was being loaded then, even if the clock has been put back meanwhile', async () => {
    const { tier, advance, sync, hold } = await openWithout()
    const release = hold()
    const found = tier.find(key)
    await advance(-2_000)
    sync(NEW_LINKS)
    release()
    expect(await found).toBeNull()
    await advance(7_000)
    sync()
    expect(tier.peek(key)).toBeUndefined()
  })

  test('nor one that a replica lacks, which may be older than the news', async () => {
    const { tier, advance, sync } = await openWithout(LAG_MS)
    sync(NEW_LINKS)
    await advance(LAG_MS)
    await tier.find(key)
    await advance(1_999)
    sync()
    expect(tier.peek(key)).toBeNull()
    await advance(1)
    sync()
    expect(tier.peek(key)).toBeUndefined()
  })

  test('trusts as ever what it learns once replicas have the news', async () => {
    const { tier, advance, sync } = await openWithout(LAG_MS)
    sync(NEW_LINKS)
    await advance(LAG_MS + 1)
    sync()
    await tier.find(key)
    for (let second = 1; second < 50; second++) {
      await advance(1_000)
      sync()
      expect(tier.peek(key)).toBeNull()
    }
  })

  test('says nothing of a code that Postgres alone could tell of', async () => {
    const { tier, advance, set, answerWith } = await openWithout()
    await tier.find(key)
    set(new SourceUnavailable('postgres', new Error('down')))
    await advance(5_000)
    answerWith(['news', '99-0', NEW_LINKS])
    await expect(tier.find(key)).rejects.toThrow('postgres is unavailable')
  })
})

test('a load during which more was edited than can be remembered is not kept', async () => {
  const { tier, hold, set } = openMemoryTier()
  const release = hold()
  const found = tier.find(key)
  await settle()
  set(linkOf(2))
  tier.markChanged('*/a', 2)
  for (let i = 0; i < 20_000; i++) tier.markChanged(`*/other${i}`, 3)
  release()
  await found
  expect(tier.peek(key)).toBeUndefined()
})

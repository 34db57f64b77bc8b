import { describe, expect, test } from 'vitest'
import { key, linkOf, openMemoryTier, settle } from './open-memory-tier.ts'

const LAG_MS = 3_000

/** In sync with the change log for so long that replicas may be asked. */
async function openInSync() {
  const opened = openMemoryTier({ lagMs: LAG_MS })
  await opened.advance(LAG_MS + 1)
  opened.sync()
  return opened
}

describe('memory tier over a replica that lags', () => {
  test('counts the age of what it found there from 3 s before', async () => {
    const { tier, advance, loads } = openMemoryTier({ lagMs: LAG_MS })
    await advance(60_000)
    await tier.find(key)
    await advance(1_999)
    expect(tier.peek(key)).toEqual(linkOf(1))
    await advance(1)
    expect(tier.peek(key)).toBeUndefined()
    await tier.find(key)
    expect(loads.length).toBe(2)
  })

  test('serves it for as long as anything else while it is in sync', async () => {
    const { tier, advance, sync } = await openInSync()
    await tier.find(key)
    sync()
    await advance(4_999)
    expect(tier.peek(key)).toEqual(linkOf(1))
  })

  test('drops it when the change log tells of an edit that the replica did not have', async () => {
    const { tier, sync } = await openInSync()
    await tier.find(key)
    sync('2 */a')
    expect(tier.peek(key)).toBeUndefined()
  })

  test('wants at least what the change log told of before', async () => {
    const { tier, set, sync, loads } = await openInSync()
    set(linkOf(2))
    sync('2 */a')
    expect(await tier.find(key)).toEqual(linkOf(2))
    expect(loads).toEqual([2])
  })

  test('wants the primary for 3 s after a gap, which does not name what was edited', async () => {
    const { tier, advance, gap, sync, lagging } = await openInSync()
    gap()
    await tier.find({ ...key, code: 'b' })
    await advance(LAG_MS)
    sync()
    await tier.find({ ...key, code: 'c' })
    await advance(1)
    await tier.find({ ...key, code: 'd' })
    expect(lagging).toEqual([false, false, true])
  })

  test('and so when it was told of more edits than it can remember', async () => {
    const { tier, advance, lagging } = await openInSync()
    for (let i = 0; i <= 20_000; i++) tier.markChanged(`*/${i}`, 2)
    await tier.find({ ...key, code: 'b' })
    await advance(LAG_MS + 1)
    await tier.find({ ...key, code: 'c' })
    expect(lagging).toEqual([false, true])
  })

  test('does not share the load of a visitor who could make do with a replica when it cannot', async () => {
    const { tier, hold, lagging } = await openInSync()
    const release = hold()
    const earlier = tier.find(key)
    await settle()
    for (let i = 0; i <= 20_000; i++) tier.markChanged(`*/${i}`, 2)
    const later = tier.find(key)
    await settle()
    release()
    await Promise.all([earlier, later])
    expect(lagging).toEqual([true, false])
  })
})

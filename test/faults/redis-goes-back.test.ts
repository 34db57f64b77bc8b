import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { backUp } from '../support/backup.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let here: Edge
let there: Edge

beforeAll(async () => {
  stores = await startStores()
  here = await startEdge(stores)
  there = await startEdge(stores)
})

afterAll(async () => {
  await here?.close()
  await there?.close()
  await stores?.close()
})

afterEach(() => recover(stores, here, there))

const OLD = 'https://example.com/old'
const NEW = 'https://example.com/new'

/** A link that everybody has followed, and Redis as it was then. */
async function hotLink() {
  const { id, code } = await here.create({ url: OLD })
  for (const edge of [here, there]) expect(await edge.follow(code)).toBe(OLD)
  await expect.poll(() => stores.redis('GET', stores.registerOf(code))).toContain(OLD)
  await here.api('POST', '/flush')
  await there.api('POST', '/flush')
  return { id, code, goBack: await backUp(stores) }
}

/** The edit is in Redis, and nobody has anything to do with it any more. */
async function edit(id: string, code: string): Promise<void> {
  await here.edit(id, NEW)
  await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
  expect(await stores.redis('GET', stores.registerOf(code))).toContain(NEW)
}

const register = (code: string) => async () => stores.redis('GET', stores.registerOf(code))

describe('Redis goes back to a time before an edit', () => {
  test.each([
    ['the isolate that made it, whose next commit tells', () => here],
    ['another one that had read of it', () => there],
  ])('which comes back, brought by %s', async (_, whoever) => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await expect.poll(() => there.follow(code)).toBe(NEW)
    await there.api('POST', '/flush')
    await goBack()
    expect(await register(code)()).toContain(OLD)
    await expect.poll(async () => (await whoever().follow(code)) && register(code)()).toContain(NEW)
    for (const edge of [here, there]) await expect.poll(() => edge.follow(code)).toBe(NEW)
  })

  test('which comes back with the next cron that finds hits, if nobody is left who knew of it', async () => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    const later = await startEdge(stores)
    try {
      expect(await later.follow(code)).toBe(OLD)
      await expect.poll(async () => stores.redis('EXISTS', `${stores.keyPrefix}v1:hits`)).toBe(1)
      await later.cron()
      expect(await register(code)()).toContain(NEW)
      await expect.poll(() => later.follow(code)).toBe(NEW)
    } finally {
      await later.close()
    }
  })

  test('and to one before a deletion, which comes back too', async () => {
    const { id, code, goBack } = await hotLink()
    expect((await here.api('DELETE', `/links/${id}`)).status).toBe(204)
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await goBack()
    expect(await register(code)()).toContain(OLD)
    // Somebody follows links, so that the cron has hits to flush.
    expect(await here.follow((await here.create({ url: OLD })).code)).toBe(OLD)
    await here.cron()
    await expect.poll(async () => (await there.get(`/${code}`)).status).toBe(404)
    await expect.poll(async () => (await here.get(`/${code}`)).status).toBe(404)
  })

  test('of yesterday: what is older than an hour is refreshed before it is served', async () => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    // Yesterday's registers have expired, and nobody remembers the edit.
    await stores.sql('DELETE FROM settled_edits')
    const text = String(await register(code)())
    await stores.redis(
      'SET',
      stores.registerOf(code),
      text.replace(/"softExpiresAt":\d+/, '"softExpiresAt":1'),
    )
    const later = await startEdge(stores)
    expect(await later.follow(code)).toBe(NEW)
    await later.close()
  })

  test('twice, the second time to one after the first: both edits come back', async () => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    await expect.poll(async () => (await here.follow(code)) && register(code)()).toContain(NEW)
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    const goBackAgain = await backUp(stores)
    await here.edit(id, 'https://example.com/newest')
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await goBackAgain()
    await expect.poll(async () => (await here.follow(code)) && register(code)()).toContain('newest')
  })
})

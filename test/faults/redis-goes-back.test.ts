import { describe, expect } from 'vitest'
import { test as base } from '../support/fault-test.ts'
import { backUp } from '../support/redis-backup.ts'

const OLD = 'https://example.com/old'
const NEW = 'https://example.com/new'

const test = base
  /** A link that everybody has followed, and Redis as it was then. */
  .extend('hotLink', ({ stores, edge, elsewhere }) => async () => {
    const { id, code } = await edge.create({ url: OLD })
    for (const at of [edge, elsewhere]) expect(await at.follow(code)).toBe(OLD)
    await expect.poll(() => stores.register(code)).toContain(OLD)
    await edge.flush()
    await elsewhere.flush()
    return { id, code, goBack: await backUp(stores) }
  })
  /** The edit is in Redis, and no work on it is left. */
  .extend('edit', ({ stores, edge }) => async (id: string, code: string): Promise<void> => {
    await edge.edit(id, NEW)
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await stores.register(code)).toContain(NEW)
  })

describe('Redis goes back to a time before an edit', () => {
  test.for([
    ['the isolate that made it, whose next commit tells', 'edge'],
    ['another one that had read of it', 'elsewhere'],
  ] as const)(
    'which comes back, brought by %s',
    async ([_, name], { stores, edge, elsewhere, hotLink, edit }) => {
      const bearer = { edge, elsewhere }[name]
      const { id, code, goBack } = await hotLink()
      await edit(id, code)
      await expect.poll(() => elsewhere.follow(code)).toBe(NEW)
      await elsewhere.flush()
      await goBack()
      expect(await stores.register(code)).toContain(OLD)
      await expect.poll(async () => (await bearer.follow(code)) && stores.register(code)).toContain(NEW)
      for (const at of [edge, elsewhere]) await expect.poll(() => at.follow(code)).toBe(NEW)
    },
  )

  test('which comes back with the next cron that finds hits, if no isolate is left that knew of it', async ({
    stores,
    startEdge,
    hotLink,
    edit,
  }) => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    const later = await startEdge()
    try {
      expect(await later.follow(code)).toBe(OLD)
      await expect.poll(() => stores.waitingHits(id)).toBe(1)
      await later.cron()
      expect(await stores.register(code)).toContain(NEW)
      await expect.poll(() => later.follow(code)).toBe(NEW)
    } finally {
      await later.close()
    }
  })

  test('and to one before a deletion, which comes back too', async ({ stores, edge, elsewhere, hotLink }) => {
    const { id, code, goBack } = await hotLink()
    expect((await edge.api('DELETE', `/links/${id}`)).status).toBe(204)
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await goBack()
    expect(await stores.register(code)).toContain(OLD)
    // Visitors follow links, so that the cron has hits to flush.
    expect(await edge.follow((await edge.create({ url: OLD })).code)).toBe(OLD)
    await edge.cron()
    await expect.poll(async () => (await elsewhere.get(`/${code}`)).status).toBe(404)
    await expect.poll(async () => (await edge.get(`/${code}`)).status).toBe(404)
  })

  test('of yesterday: what is older than an hour is refreshed before it is served', async ({
    stores,
    startEdge,
    hotLink,
    edit,
  }) => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    // Yesterday's registers have expired, and no isolate remembers the edit.
    await stores.sql('DELETE FROM settled_edits')
    const text = String(await stores.register(code))
    await stores.redis(
      'SET',
      stores.registerOf(code),
      text.replace(/"softExpiresAt":\d+/, '"softExpiresAt":1'),
    )
    const later = await startEdge()
    expect(await later.follow(code)).toBe(NEW)
  })

  test('twice, the second time to one after the first: both edits come back', async ({
    stores,
    edge,
    hotLink,
    edit,
  }) => {
    const { id, code, goBack } = await hotLink()
    await edit(id, code)
    await goBack()
    await expect.poll(async () => (await edge.follow(code)) && stores.register(code)).toContain(NEW)
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    const goBackAgain = await backUp(stores)
    await edge.edit(id, 'https://example.com/newest')
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await goBackAgain()
    await expect.poll(async () => (await edge.follow(code)) && stores.register(code)).toContain('newest')
  })
})

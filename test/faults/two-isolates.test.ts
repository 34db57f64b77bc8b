import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { test as base } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'
import type { Stores } from '../support/stores.ts'

/** README, "Guarantees". */
const BOUND_MS = 5_000
const WITH_TRAFFIC_MS = 1_000
/** What a loaded machine may take on top to send a commit. */
const SLACK_MS = 2_000

type Method = 'GET' | 'HEAD'

const test = base
  // The commit window that people run it with.
  .override('settings', { HIT_COMMIT_WINDOW_MS: '1000', HIT_COMMIT_MAX_WINDOW_MS: '4000' })
  /**
   * A link that both edge locations have in memory.
   * @param method HEAD is not counted: the isolates then have no hits to commit, and so nothing that brings them news.
   */
  .extend('hotLink', ({ edge, elsewhere }) => async (method: Method) => {
    const link = await edge.create({ url: 'https://example.com/old' })
    for (const at of [edge, elsewhere]) expect((await at.get(`/${link.code}`, { method })).status).toBe(302)
    return link
  })
  /** Looks at the link there until it shows the edit. Returns for how long after `since` a visitor still got the old link. */
  .extend('staleFor', ({ elsewhere }) => {
    return async (code: string, since: number, method: Method): Promise<number> => {
      for (let lastStale = since; ; await sleep(50)) {
        const askedAt = Date.now()
        const response = await elsewhere.get(`/${code}`, { method })
        const location = response.headers.get('location')
        if (location === 'https://example.com/new') return lastStale - since
        expect([response.status, location]).toEqual([302, 'https://example.com/old'])
        lastStale = askedAt
        expect(lastStale - since).toBeLessThan(3 * BOUND_MS)
      }
    }
  })

const breaks: readonly (readonly [string, (stores: Stores) => Promise<unknown>])[] = [
  ['nothing else happening', async () => {}],
  [
    'the change log trimmed',
    (stores) => stores.redis('XTRIM', createKeys(stores.keyPrefix).changes, 'MAXLEN', '0'),
  ],
  ['Redis restarted and emptied', (stores) => stores.emptyRedis()],
]

describe('two isolates: an edit here shows there', () => {
  test.for(breaks)(
    'at once here and within 5 s there, %s',
    async ([_, happen], { stores, edge, hotLink, staleFor }) => {
      const { id, code } = await hotLink('HEAD')
      await edge.edit(id, 'https://example.com/new')
      const editedAt = Date.now()
      await happen(stores)
      expect(await edge.follow(code)).toBe('https://example.com/new')
      expect(await staleFor(code, editedAt, 'HEAD')).toBeLessThanOrEqual(BOUND_MS)
    },
  )

  test.for(breaks)(
    'within the commit window where the link has traffic, %s',
    async ([_, happen], { stores, edge, hotLink, staleFor }) => {
      const { id, code } = await hotLink('GET')
      await edge.edit(id, 'https://example.com/new')
      const editedAt = Date.now()
      await happen(stores)
      // A commit that was under way when the edit came brings no news of it; the next one does.
      expect(await staleFor(code, editedAt, 'GET')).toBeLessThan(2 * WITH_TRAFFIC_MS + SLACK_MS)
    },
  )

  test('a deletion too, and a new link with its code', async ({ edge, elsewhere, hotLink }) => {
    const { id, code } = await hotLink('GET')
    expect((await edge.api('DELETE', `/links/${id}`)).status).toBe(204)
    await expect
      .poll(async () => (await elsewhere.get(`/${code}`)).status, {
        timeout: BOUND_MS + SLACK_MS,
        interval: 100,
      })
      .toBe(404)
    await edge.create({ url: 'https://example.com/new', code })
    await expect
      .poll(() => elsewhere.follow(code), { timeout: BOUND_MS + SLACK_MS, interval: 100 })
      .toBe('https://example.com/new')
  })
})

describe('two isolates: an edit here while Redis is down', () => {
  test('shows there within 5 s, because there too Postgres is asked', async ({
    stores,
    edge,
    hotLink,
    staleFor,
  }) => {
    const { id, code } = await hotLink('GET')
    stores.redisFaults.inject({ kind: 'refuse' })
    await edge.edit(id, 'https://example.com/new')
    const editedAt = Date.now()
    expect(await edge.follow(code)).toBe('https://example.com/new')
    expect(await staleFor(code, editedAt, 'GET')).toBeLessThanOrEqual(BOUND_MS)
  })

  test.for(['GET', 'HEAD'] as const)(
    'shows there within 5 s of Redis being back and having it, followed with %s',
    async (method, { stores, edge, hotLink, staleFor }) => {
      const { id, code } = await hotLink(method)
      stores.redisFaults.inject({ kind: 'refuse' })
      await edge.edit(id, 'https://example.com/new')
      stores.heal()
      const healedAt = Date.now()
      // The editing isolate tries every 500 ms, but for the circuit breaker's pause of up to 2 s.
      const untilPublished = 2_500
      expect(await staleFor(code, healedAt, method)).toBeLessThan(untilPublished + BOUND_MS)
      expect(await stores.register(code)).toContain('https://example.com/new')
    },
  )

  test('shows there also if there Redis was never missed: only its publication failed', async ({
    stores,
    edge,
    hotLink,
    staleFor,
  }) => {
    const { id, code } = await hotLink('GET')
    stores.redisFaults.inject({ kind: 'refuse' }, runs(PUBLISH))
    await edge.edit(id, 'https://example.com/new')
    stores.heal()
    const healedAt = Date.now()
    expect(await staleFor(code, healedAt, 'GET')).toBeLessThan(2_500 + BOUND_MS)
  })
})

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
import { recover } from '../support/recover.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let here: Edge
let there: Edge

beforeAll(async () => {
  stores = await startStores()
  // The commit window that people run it with.
  here = await startEdge(stores, { HIT_COMMIT_WINDOW_MS: '1000' })
  there = await startEdge(stores, { HIT_COMMIT_WINDOW_MS: '1000' })
})

afterAll(async () => {
  await here?.close()
  await there?.close()
  await stores?.close()
})

afterEach(() => recover(stores, here, there))

/** README, "Guarantees". */
const BOUND_MS = 5_000
const WITH_TRAFFIC_MS = 1_000
/** What a loaded machine may take on top to send a commit. */
const SLACK_MS = 2_000

/**
 * A link that both edge locations have in memory.
 * @param method HEAD is not counted: the isolates then have no hits to commit, and so nothing that brings them news.
 */
async function hotLink(method: 'GET' | 'HEAD'): Promise<{ readonly id: string; readonly code: string }> {
  const link = await here.create({ url: 'https://example.com/old' })
  for (const edge of [here, there]) expect((await edge.get(`/${link.code}`, { method })).status).toBe(302)
  return link
}

/** Looks at the link there until it shows the edit. Returns for how long after `since` somebody still got the old link. */
async function staleFor(code: string, since: number, method: 'GET' | 'HEAD'): Promise<number> {
  for (let lastStale = since; ; await sleep(50)) {
    const askedAt = Date.now()
    const response = await there.get(`/${code}`, { method })
    const location = response.headers.get('location')
    if (location === 'https://example.com/new') return lastStale - since
    expect([response.status, location]).toEqual([302, 'https://example.com/old'])
    lastStale = askedAt
    expect(lastStale - since).toBeLessThan(3 * BOUND_MS)
  }
}

const breaks: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['nothing else happening', async () => {}],
  [
    'the change log trimmed',
    () => stores.redis('XTRIM', createKeys(stores.keyPrefix).changes, 'MAXLEN', '0'),
  ],
  ['Redis restarted and emptied', () => stores.emptyRedis()],
]

describe('two isolates: an edit here shows there', () => {
  test.each(breaks)('at once here and within 5 s there, %s', async (_, happen) => {
    const { id, code } = await hotLink('HEAD')
    await here.edit(id, 'https://example.com/new')
    const editedAt = Date.now()
    await happen()
    expect(await here.follow(code)).toBe('https://example.com/new')
    expect(await staleFor(code, editedAt, 'HEAD')).toBeLessThanOrEqual(BOUND_MS)
  })

  test.each(breaks)('within the commit window where the link has traffic, %s', async (_, happen) => {
    const { id, code } = await hotLink('GET')
    await here.edit(id, 'https://example.com/new')
    const editedAt = Date.now()
    await happen()
    // A commit that was under way when the edit came brings no news of it; the next one does.
    expect(await staleFor(code, editedAt, 'GET')).toBeLessThan(2 * WITH_TRAFFIC_MS + SLACK_MS)
  })

  test('a deletion too, and a new link with its code', async () => {
    const { id, code } = await hotLink('GET')
    expect((await here.api('DELETE', `/links/${id}`)).status).toBe(204)
    await expect
      .poll(async () => (await there.get(`/${code}`)).status, { timeout: BOUND_MS + SLACK_MS, interval: 100 })
      .toBe(404)
    await here.create({ url: 'https://example.com/new', code })
    await expect
      .poll(() => there.follow(code), { timeout: BOUND_MS + SLACK_MS, interval: 100 })
      .toBe('https://example.com/new')
  })
})

describe('two isolates: an edit here while Redis is down', () => {
  test('shows there within 5 s, because there too Postgres is asked', async () => {
    const { id, code } = await hotLink('GET')
    stores.redisFaults.inject({ kind: 'refuse' })
    await here.edit(id, 'https://example.com/new')
    const editedAt = Date.now()
    expect(await here.follow(code)).toBe('https://example.com/new')
    expect(await staleFor(code, editedAt, 'GET')).toBeLessThanOrEqual(BOUND_MS)
  })

  test.each(['GET', 'HEAD'] as const)(
    'shows there within 5 s of Redis being back and having it, followed with %s',
    async (method) => {
      const { id, code } = await hotLink(method)
      stores.redisFaults.inject({ kind: 'refuse' })
      await here.edit(id, 'https://example.com/new')
      stores.heal()
      const healedAt = Date.now()
      // The editing isolate tries every 500 ms, but for the circuit breaker's pause of up to 2 s.
      const untilPublished = 2_500
      expect(await staleFor(code, healedAt, method)).toBeLessThan(untilPublished + BOUND_MS)
      expect(await stores.redis('GET', stores.registerOf(code))).toContain('https://example.com/new')
    },
  )

  test('shows there also if there Redis was never missed: only its publication failed', async () => {
    const { id, code } = await hotLink('GET')
    stores.redisFaults.inject({ kind: 'refuse' }, runs(PUBLISH))
    await here.edit(id, 'https://example.com/new')
    stores.heal()
    const healedAt = Date.now()
    expect(await staleFor(code, healedAt, 'GET')).toBeLessThan(2_500 + BOUND_MS)
  })
})

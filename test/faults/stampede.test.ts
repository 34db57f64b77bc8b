import { describe, expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { test as base } from '../support/fault-test.ts'
import type { FaultRule } from '../support/faults.ts'

const loadsLink: FaultRule['when'] = ({ commands }) => commands.some((sql) => /from "links" where/.test(sql))

const test = base
  // Leases last a second longer than Postgres may take, so this test's one lasts as long as the test.
  .override('settings', { POSTGRES_TIMEOUT_MS: '28000' })
  .extend('loads', ({ stores }) => (): number => {
    return stores.postgresFaults.commands.filter((sql) => /from "links" where/.test(sql)).length
  })
  /** Visits the link at every edge location at once. */
  .extend('visit', ({ edge, elsewhere }) => (code: string, timesEach: number) => {
    const visits = [edge, elsewhere].flatMap((at) => Array.from({ length: timesEach }, () => at.follow(code)))
    return Promise.all(visits)
  })
  .extend('coldLink', ({ stores }) => async (): Promise<string> => {
    const rows = await stores.sql<{ code: string }>(
      `INSERT INTO links (domain, code, url) VALUES ('*', $1, 'https://example.com/') RETURNING code`,
      [`cold-${Math.random()}`],
    )
    return rows[0]?.code ?? ''
  })
  /** Makes every isolate ask Redis again for whatever it has in memory. */
  .extend('clearMemories', ({ stores, edge, elsewhere }) => async (): Promise<void> => {
    await stores.redis('XADD', createKeys(stores.keyPrefix).changes, '*', 'c', '*')
    // A flush commits hits, and a commit reads the change log.
    for (const at of [edge, elsewhere]) expect((await at.flush()).status).toBe(200)
  })

describe('stampede', () => {
  test('500 visitors of one cold link at 2 isolates reach Postgres at most twice', async ({
    stores,
    loads,
    visit,
    coldLink,
  }) => {
    const code = await coldLink()
    stores.postgresFaults.resetCounts()
    const answers = await visit(code, 250)
    expect(answers).toEqual(answers.map(() => 'https://example.com/'))
    expect(loads()).toBeLessThanOrEqual(2)
    expect(loads()).toBeGreaterThan(0)
  })

  test('500 visitors of one code that does not exist too', async ({ stores, loads, visit }) => {
    // What the domain shows where there is no link is loaded once for all such codes.
    await visit(`none-${Math.random()}`, 1)
    stores.postgresFaults.resetCounts()
    const answers = await visit(`none-${Math.random()}`, 250)
    expect(answers).toEqual(answers.map(() => null))
    expect(loads()).toBeLessThanOrEqual(2)
  })

  test('a hot link that crosses its soft expiry waits for no Postgres: one refresh is sent, in the background', async ({
    stores,
    loads,
    visit,
    coldLink,
    clearMemories,
  }) => {
    const code = await coldLink()
    await visit(code, 1)
    const register = stores.registerOf(code)
    await expect.poll(() => stores.redis('EXISTS', register)).toBe(1)
    const text = String(await stores.redis('GET', register))
    const expiresAt = Date.now() + 1_000
    await stores.redis('SET', register, text.replace(/"softExpiresAt":\d+/, `"softExpiresAt":${expiresAt}`))

    const release = stores.postgresFaults.hold(loadsLink)
    stores.postgresFaults.resetCounts()
    // Every one of these is answered while Postgres answers nothing.
    for (let rounds = 0; Date.now() < expiresAt + 2_000 || rounds < 5; rounds++) {
      await clearMemories()
      const answers = await visit(code, 50)
      expect(answers).toEqual(answers.map(() => 'https://example.com/'))
    }
    expect([loads(), stores.postgresFaults.struck]).toEqual([1, 1])
    release()
    const softExpiry = async () =>
      /"softExpiresAt":(\d+)/.exec(String(await stores.redis('GET', register)))?.[1]
    await expect.poll(async () => Number(await softExpiry())).toBeGreaterThan(expiresAt)
  })
})

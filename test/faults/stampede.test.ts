import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import type { FaultRule } from '../support/faults.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edges: readonly Edge[]

beforeAll(async () => {
  stores = await startStores()
  // Leases last a second longer than Postgres may take, so this test's one lasts as long as the test.
  const settings = { POSTGRES_TIMEOUT_MS: '28000' }
  edges = [await startEdge(stores, settings), await startEdge(stores, settings)]
})

afterAll(async () => {
  for (const edge of edges ?? []) await edge.close()
  await stores?.close()
})

const loadsLink: FaultRule['when'] = ({ commands }) =>
  commands.some((sql) => /FROM links WHERE code/.test(sql))
const loads = (): number =>
  stores.postgresFaults.commands.filter((sql) => /FROM links WHERE code/.test(sql)).length

/** Visits the link at every edge location at once. */
const visit = (code: string, timesEach: number): Promise<(string | null)[]> =>
  Promise.all(edges.flatMap((edge) => Array.from({ length: timesEach }, () => edge.follow(code))))

async function coldLink(): Promise<string> {
  const rows = await stores.sql<{ code: string }>(
    `INSERT INTO links (domain, code, url) VALUES ('*', $1, 'https://example.com/') RETURNING code`,
    [`cold-${Math.random()}`],
  )
  return rows[0]?.code ?? ''
}

/** Makes every isolate ask Redis again for whatever it has in memory. */
async function clearMemories(): Promise<void> {
  await stores.redis('XADD', createKeys(stores.keyPrefix).changes, '*', 'c', '*')
  // A flush commits hits, and a commit reads the change log.
  for (const edge of edges) expect((await edge.api('POST', '/flush')).status).toBe(200)
}

describe('stampede', () => {
  test('500 visitors of one cold link at 2 isolates reach Postgres at most twice', async () => {
    const code = await coldLink()
    stores.postgresFaults.resetCounts()
    const answers = await visit(code, 250)
    expect(answers).toEqual(answers.map(() => 'https://example.com/'))
    expect(loads()).toBeLessThanOrEqual(2)
    expect(loads()).toBeGreaterThan(0)
  })

  test('500 visitors of one code that does not exist too', async () => {
    // What the domain shows where there is no link is loaded once for all such codes.
    await visit(`none-${Math.random()}`, 1)
    stores.postgresFaults.resetCounts()
    const answers = await visit(`none-${Math.random()}`, 250)
    expect(answers).toEqual(answers.map(() => null))
    expect(loads()).toBeLessThanOrEqual(2)
  })

  test('a hot link that crosses its soft expiry waits for no Postgres: one refresh is sent, in the background', async () => {
    const code = await coldLink()
    await visit(code, 1)
    const register = stores.registerOf(code)
    await expect.poll(() => stores.redis('EXISTS', register)).toBe(1)
    const text = String(await stores.redis('GET', register))
    const expiresAt = Date.now() + 1_000
    await stores.redis('SET', register, text.replace(/"softExpiresAt":\d+/, `"softExpiresAt":${expiresAt}`))

    let release = (): void => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    stores.postgresFaults.inject({ kind: 'hold', until }, loadsLink)
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
    stores.heal()
  })
})

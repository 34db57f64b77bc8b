import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { InterceptedCall } from '../../src/local/intercept.ts'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { FILL, PUBLISH, TAKE_LEASES } from '../../src/redis/scripts/registers.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { runs } from '../support/faults.ts'
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

const writes = (call: InterceptedCall): boolean =>
  [COMMIT_HITS, FILL, PUBLISH, TAKE_LEASES].some((script) => runs(script)(call))

test.each([
  "READONLY You can't write against a read only replica. script: 08f4ad28276d5785b59749f2babe4b6ddd194fbb, on @user_script:1.",
  'ERR DB capacity quota exceeded',
])(
  'Redis tells what it has, but takes nothing ("%s"): an edit shows where visitors are counted',
  async (reply) => {
    const { id, code } = await here.create({ url: OLD })
    for (const edge of [here, there]) expect(await edge.follow(code)).toBe(OLD)
    stores.redisFaults.inject({ kind: 'reply-error', reply }, writes)
    await here.edit(id, NEW)
    expect(await here.follow(code)).toBe(NEW)
    await expect.poll(() => there.follow(code)).toBe(NEW)
    // It stays that way, also once memory has forgotten it.
    for (let looks = 0; looks < 20; looks++) expect(await there.follow(code)).toBe(NEW)
    expect(await stores.redis('GET', stores.registerOf(code))).toContain(OLD)
    stores.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await stores.redis('GET', stores.registerOf(code))).toContain(NEW)
  },
)

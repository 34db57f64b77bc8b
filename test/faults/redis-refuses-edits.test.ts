import { expect } from 'vitest'
import type { InterceptedCall } from '../../src/local/intercept.ts'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { FILL, PUBLISH, TAKE_LEASES } from '../../src/redis/scripts/registers.ts'
import { test } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

const OLD = 'https://example.com/old'
const NEW = 'https://example.com/new'

const writes = (call: InterceptedCall): boolean =>
  [COMMIT_HITS, FILL, PUBLISH, TAKE_LEASES].some((script) => runs(script)(call))

test.for([
  "READONLY You can't write against a read only replica. script: 08f4ad28276d5785b59749f2babe4b6ddd194fbb, on @user_script:1.",
  'ERR DB capacity quota exceeded',
])(
  'Redis tells what it has, but takes nothing ("%s"): an edit shows where visitors are counted',
  async (reply, { stores, edge, elsewhere }) => {
    const { id, code } = await edge.create({ url: OLD })
    for (const at of [edge, elsewhere]) expect(await at.follow(code)).toBe(OLD)
    stores.redisFaults.inject({ kind: 'reply-error', reply }, writes)
    await edge.edit(id, NEW)
    expect(await edge.follow(code)).toBe(NEW)
    await expect.poll(() => elsewhere.follow(code)).toBe(NEW)
    // It stays that way, also once memory has forgotten it.
    for (let looks = 0; looks < 20; looks++) expect(await elsewhere.follow(code)).toBe(NEW)
    expect(await stores.register(code)).toContain(OLD)
    stores.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await stores.register(code)).toContain(NEW)
  },
)

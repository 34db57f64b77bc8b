import { describe, expect } from 'vitest'
import { COMMIT_HITS } from '../../src/redis/scripts/commit-hits.ts'
import { test as base, recover } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

/** As Upstash and Redis say it: ../redis/client.test.ts has them all. */
const REFUSALS = [
  'ERR max requests limit exceeded. Limit: 500000, Usage: 500000. See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details',
  'ERR DB capacity quota exceeded',
  'WRONGPASS invalid or missing auth token. See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.',
  "NOPERM this user has no permissions to run the 'eval' command",
  "OOM command not allowed when used memory > 'maxmemory'. script: 7bcb38f8fb2cb05b2e932744664e05dbe518a424, on @user_script:1.",
  "READONLY You can't write against a read only replica. script: 08f4ad28276d5785b59749f2babe4b6ddd194fbb, on @user_script:1.",
]

const test = base
  .extend('visit', ({ edge }) => async (code: string, visits: number): Promise<void> => {
    for (let i = 0; i < visits; i++) expect((await edge.get(`/${code}`)).status).toBe(302)
  })
  /** Hits of a link that Postgres has, after this isolate was asked to hand over what it holds. */
  .extend('handedOver', ({ stores, edge }) => (id: string) => async (): Promise<number> => {
    await edge.flush()
    return stores.flushedHits(id)
  })

describe('Redis refuses', () => {
  test.for(REFUSALS)(
    '"%s": links go on from Postgres, which gets the hits, each once',
    async (reply, { stores, edge, visit, handedOver }) => {
      const { id, code } = await edge.create({ url: 'https://example.com/' })
      stores.redisFaults.inject({ kind: 'reply-error', reply })
      await visit(code, 25)
      await expect.poll(handedOver(id)).toBe(25)
      await expect.poll(async () => (await edge.health()).redis.breaker).not.toBe('closed')
      stores.redisFaults.resetCounts()
      await Promise.all(Array.from({ length: 20 }, () => edge.get(`/none-${crypto.randomUUID()}`)))
      // Now and then a probe, not one request for each visitor.
      expect(stores.redisFaults.requests).toBeLessThan(10)
      stores.heal()
      await recover(stores, edge)
      await visit(code, 5)
      await expect.poll(handedOver(id)).toBe(30)
      expect((await edge.health()).hits.isolate).toEqual({ waitingLinks: 0, droppedHits: 0 })
    },
  )

  test('only to count: later hits go to Postgres, what may have been counted waits for Redis', async ({
    stores,
    edge,
    visit,
    handedOver,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/' })
    await visit(code, 1)
    await expect.poll(handedOver(id)).toBe(1)
    const reply = 'WRONGTYPE Operation against a key holding the wrong kind of value'
    stores.redisFaults.inject({ kind: 'reply-error', reply }, runs(COMMIT_HITS))
    let visits = 1
    const visitOnce = async (): Promise<number> => {
      await visit(code, 1)
      visits++
      return handedOver(id)()
    }
    await expect.poll(visitOnce).toBeGreaterThan(1)
    expect((await edge.health()).redis.breaker).toBe('closed')
    stores.heal()
    await expect.poll(handedOver(id)).toBe(visits)
    expect(await handedOver(id)()).toBe(visits)
  })
})

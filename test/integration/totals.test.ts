import { describe, expect } from 'vitest'
import type { ApiLink } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'

/** Of the links that are restored. */
const url = 'https://example.com/restored'
const createdAt = '2020-01-02T03:04:05.678Z'

const test = base
  .extend('list', ({ edge }) => async (query: string): Promise<readonly ApiLink[]> => {
    return ((await (await edge.api('GET', `/links?${query}`)).json()) as { data: ApiLink[] }).data
  })
  .extend('restore', ({ edge }) => async (code: string, hits: number): Promise<string> => {
    const body = { onConflict: 'restore', links: [{ url, code, hits, createdAt }] }
    const response = await edge.api('POST', '/links/import', body)
    const { results } = (await response.json()) as { results: { id: string }[] }
    return results[0]?.id ?? ''
  })
  .extend('count', ({ stores }) => (id: string, hits: number) => {
    return stores.sql('UPDATE link_hits SET hits = hits + $2 WHERE link_id = $1', [id, hits])
  })

describe("a link's total", () => {
  test('counts hits once that Postgres has and Redis still holds, however many batches came since', async ({
    stores,
    edge,
    list,
  }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/once' })
    // A crash between applying and releasing, and then an outage of Redis with an isolate that wrote to Postgres.
    await stores.redis('RPUSH', `${stores.keyPrefix}v1:hits:sealed`, 'applied')
    await stores.redis('HSET', `${stores.keyPrefix}v1:hits:sealed:applied`, '#', 'applied', id, '7')
    await stores.sql('UPDATE link_hits SET hits = 7, last_hit_at = now() WHERE link_id = $1', [id])
    await stores.sql("INSERT INTO applied_hits (id) VALUES ('applied')")
    await stores.sql(`INSERT INTO applied_hits (id, applied_at)
      SELECT 'isolate-' || i, now() + i * interval '1 millisecond' FROM generate_series(1, 600) AS i`)
    const [listed] = await list('q=example.com/once')
    const read = async (path: string, method = 'GET', body?: unknown) =>
      ((await (await edge.api(method, path, body)).json()) as ApiLink).hits
    expect(listed?.hits).toBe(7)
    expect(await read(`/links/lookup?code=${code}`)).toBe(7)
    expect(await read(`/links/${id}`)).toBe(7)
    expect(await read(`/links/${id}`, 'PATCH', { title: 'Edited' })).toBe(7)
    const again = { url: 'https://example.com/once', code }
    expect(await read('/links', 'PUT', again)).toBe(7)
    const bulk = await edge.api('POST', '/links/bulk', { mode: 'upsert', links: [again] })
    expect(await bulk.json()).toMatchObject({ results: [{ link: { hits: 7 } }] })
    await edge.flush()
    expect(await read(`/links/${id}`)).toBe(7)
  })

  test('says when the last hits were flushed', async ({ edge, list }) => {
    const { id, code } = await edge.create({ url: 'https://example.com/last-hit' })
    const lastHitAt = async () => {
      const [listed] = await list('q=example.com/last-hit')
      const single = (await (await edge.api('GET', `/links/${id}`)).json()) as ApiLink
      expect(single.lastHitAt).toBe(listed?.lastHitAt)
      return single.lastHitAt
    }
    expect(await lastHitAt()).toBeNull()
    await edge.get(`/${code}`)
    await edge.flush()
    await expect.poll(lastHitAt).toEqual(expect.stringMatching(/^\d{4}-.*Z$/))
  })
})

describe('a restore', () => {
  test('adds what was counted since the export to its total, and can be repeated', async ({
    edge,
    restore,
    count,
  }) => {
    const id = await restore('since', 100)
    await count(id, 2)
    // Exported here, with a total of 102.
    await count(id, 5)
    for (let i = 0; i < 2; i++) {
      await restore('since', 102)
      expect(await edge.hitsOf(id)).toBe(107)
    }
  })

  test('over an older database counts what is missing there', async ({ edge, restore, count }) => {
    const id = await restore('older', 0)
    await count(id, 2)
    await restore('older', 102)
    expect(await edge.hitsOf(id)).toBe(102)
  })

  test('over a link that was made again keeps its new hits, and can be repeated', async ({
    edge,
    restore,
    count,
  }) => {
    const first = await restore('made-again', 100)
    await count(first, 2)
    await edge.api('DELETE', `/links/${first}`)
    const { id } = await edge.create({ url, code: 'made-again' })
    await count(id, 5)
    for (let i = 0; i < 2; i++) {
      await restore('made-again', 102)
      expect(await edge.hitsOf(id)).toBe(107)
    }
    await count(id, 1)
    await restore('made-again', 107)
    expect(await edge.hitsOf(id)).toBe(108)
  })

  test('counts hits once that wait for Postgres in more segments than one flush takes', async ({
    stores,
    edge,
    restore,
  }) => {
    const segments = 250
    const id = await restore('backlog', 0)
    for (let i = 0; i < segments; i++) {
      await stores.redis('RPUSH', `${stores.keyPrefix}v1:hits:sealed`, `backlog-${i}`)
      await stores.redis(
        'HSET',
        `${stores.keyPrefix}v1:hits:sealed:backlog-${i}`,
        '#',
        `backlog-${i}`,
        id,
        '1',
      )
    }
    expect(await edge.hitsOf(id)).toBe(segments)
    await restore('backlog', segments)
    expect(await edge.hitsOf(id)).toBe(segments)
    await edge.flush()
    expect(await edge.hitsOf(id)).toBe(segments)
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiLink, type Edge, startEdge } from '../support/edge.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores)
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

async function list(query: string): Promise<readonly ApiLink[]> {
  return ((await (await edge.api('GET', `/links?${query}`)).json()) as { data: ApiLink[] }).data
}

describe("a link's total", () => {
  test('counts hits once that Postgres has and Redis still holds, however many batches came since', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/once' })
    // A crash between applying and releasing, and then an outage of Redis with an isolate that wrote to Postgres.
    await stores.redis('RPUSH', `${stores.keyPrefix}v1:hits:sealed`, 'applied')
    await stores.redis('HSET', `${stores.keyPrefix}v1:hits:sealed:applied`, '#', 'applied', id, '7')
    await stores.sql('UPDATE link_hits SET hits = 7, last_hit_at = now() WHERE link_id = $1', [id])
    await stores.sql("INSERT INTO hit_batches (id) VALUES ('applied')")
    await stores.sql(`INSERT INTO hit_batches (id, applied_at)
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
    await edge.api('POST', '/flush')
    expect(await read(`/links/${id}`)).toBe(7)
  })

  test('says when the last hits were flushed', async () => {
    const { id, code } = await edge.create({ url: 'https://example.com/last-hit' })
    const lastHitAt = async () => {
      const [listed] = await list('q=example.com/last-hit')
      const single = (await (await edge.api('GET', `/links/${id}`)).json()) as ApiLink
      expect(single.lastHitAt).toBe(listed?.lastHitAt)
      return single.lastHitAt
    }
    expect(await lastHitAt()).toBeNull()
    await edge.get(`/${code}`)
    await edge.api('POST', '/flush')
    await expect.poll(lastHitAt).toEqual(expect.stringMatching(/^\d{4}-.*Z$/))
  })
})

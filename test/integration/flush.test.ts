import { describe, expect } from 'vitest'
import type { HitTotals } from '../../src/hits/hit-totals.ts'
import { openHitStores } from '../support/hit-stores.ts'
import { test as base } from '../support/linkr.ts'
import { expectStatisticsToAddUp } from '../support/statistics-add-up.ts'

let sequence = Date.now()

const test = base
  .extend('hits', { scope: 'file' }, ({ stores }) => openHitStores(stores))
  .extend('counters', { scope: 'file' }, ({ hits }) => hits.newCounters())
  .extend('commit', ({ counters }) => (counts: Iterable<[string, number]>, number = ++sequence) => {
    const batch = { isolate: 'isolate-of-the-test', sequence: number, hits: new Map(counts), visits: '' }
    return counters.commit(batch)
  })

test.afterEach(async ({ stores, hits }) => {
  await hits.flush()
  await expectStatisticsToAddUp(stores)
  await stores.sql('TRUNCATE links, applied_hits CASCADE')
})

const crash = (): Promise<never> => Promise.reject(new Error('crashed'))

describe('flush', () => {
  test('killed after the apply and before the release: the next one releases and adds nothing', async ({
    hits,
    counters,
    commit,
  }) => {
    const [id = ''] = await hits.makeLinks(1)
    await commit([[id, 3]])
    await expect(hits.flush({ release: crash })).rejects.toThrow('crashed')
    expect(await hits.total()).toBe(3)
    expect(await hits.flush()).toMatchObject({ claimed: 1, segments: 0, links: 0, hits: 0, hasMore: false })
    expect(await hits.total()).toBe(3)
    expect((await counters.claim(true)).segments).toEqual([])
  })

  test('killed after the claim and before the apply: the next one applies it, hits that came meanwhile too', async ({
    hits,
    commit,
  }) => {
    const [id = ''] = await hits.makeLinks(1)
    await commit([[id, 3]])
    await expect(hits.flush({}, { apply: crash })).rejects.toThrow('crashed')
    await commit([[id, 4]])
    expect(await hits.flush()).toMatchObject({ claimed: 2, segments: 2, links: 1, hits: 7, hasMore: false })
    expect(await hits.total()).toBe(7)
  })

  test('five at once apply every batch exactly once', async ({ hits, commit }) => {
    const ids = await hits.makeLinks(20)
    await commit(ids.map((id) => [id, 1]))
    const flushes = Array.from({ length: 5 }, async () => {
      await commit(ids.map((id) => [id, 1]))
      return hits.flush()
    })
    const reports = await Promise.all(flushes)
    await hits.flush()
    expect(await hits.total()).toBe(120)
    expect(reports.reduce((sum, report) => sum + report.hits, 0)).toBeLessThanOrEqual(120)
  })

  test('hits that arrive between its claim and its release wait for the next one', async ({
    hits,
    commit,
  }) => {
    const [id = ''] = await hits.makeLinks(1)
    await commit([[id, 1]])
    const apply: HitTotals['apply'] = async (segments) => {
      await commit([[id, 10]])
      return hits.totals.apply(segments)
    }
    await hits.flush({}, { apply })
    expect(await hits.total()).toBe(1)
    await hits.flush()
    expect(await hits.total()).toBe(11)
  })

  test('a batch that is sent twice, or late, counts once', async ({ hits, commit }) => {
    const [id = ''] = await hits.makeLinks(1)
    const [first, second] = [++sequence, ++sequence]
    await commit([[id, 1]], first)
    await commit([[id, 1]], first)
    await commit([[id, 1]], second)
    await hits.flush()
    await commit([[id, 1]], second)
    await commit([[id, 1]], first)
    await hits.flush()
    expect(await hits.total()).toBe(2)
  })

  test('more links than one statement should carry are flushed in several', async ({
    stores,
    hits,
    commit,
  }) => {
    const ids = await hits.makeLinks(450)
    for (let i = 0; i < ids.length; i += 50) await commit(ids.slice(i, i + 50).map((id) => [id, 2]))
    stores.postgresFaults.resetCounts()
    expect(await hits.flush()).toMatchObject({
      claimed: 2,
      segments: 2,
      links: 450,
      hits: 900,
      hasMore: false,
    })
    expect(await hits.total()).toBe(900)
  })

  test('a link deleted while its hits are applied fails nothing', async ({ stores, hits, commit }) => {
    const ids = await hits.makeLinks(50)
    await commit(ids.map((id) => [id, 1]))
    await Promise.all([
      hits.flush(),
      stores.sql('DELETE FROM links WHERE id = ANY($1::bigint[])', [ids.slice(0, 25)]),
    ])
    await hits.flush()
    const [row] = await stores.sql<{ count: string }>('SELECT count(*) FROM link_hits')
    expect(Number(row?.count)).toBe(25)
  })

  // Embedded Postgres has one connection, so nothing happens there while a statement waits.
  test.skipIf(process.env.STORES !== 'services')(
    'a link whose deletion is under way while its hits are applied fails nothing',
    async ({ stores, hits, commit }) => {
      const [kept = '', gone = ''] = await hits.makeLinks(2)
      await commit([
        [kept, 1],
        [gone, 1],
      ])
      await stores.sql('BEGIN')
      await stores.sql('DELETE FROM links WHERE id = $1', [gone])
      const flushing = hits.flush()
      const waiting = () =>
        stores.sql('SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))')
      await expect.poll(waiting).not.toEqual([])
      await stores.sql('COMMIT')
      expect(await flushing).toMatchObject({ segments: 1, links: 1, hits: 1 })
      expect(await hits.total()).toBe(1)
    },
  )

  test('forgets batch ids after a month, not before', async ({ stores, hits }) => {
    await stores.sql(`INSERT INTO applied_hits (id, applied_at, hits) VALUES
      ('old', now() - interval '31 days', 1), ('young', now() - interval '29 days', 1)`)
    await hits.totals.prune()
    const rows = await stores.sql<{ id: string }>(`SELECT id FROM applied_hits WHERE id IN ('old', 'young')`)
    expect(rows).toEqual([{ id: 'young' }])
  })
})

import { describe, expect, vi } from 'vitest'
import { createApp } from '../../src/app.ts'
import { runCron } from '../../src/cron.ts'
import type { ReconcileReport } from '../../src/operations/reconcile.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { FIELD, SEGMENT_LINKS } from '../../src/redis/scripts/hit-segment.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { type Invocation, invoke, LINKS_A_CLAIM, type Limits, limitFetch } from '../support/invocations.ts'
import { test as linkr } from '../support/linkr.ts'
import type { Stores } from '../support/stores.ts'

const UNLIMITED: Limits = { limit: 100_000 }
/** Segments of hits, and edits of which a drain takes 200 at a time. */
const CLAIMS = 48
const EDITS = 1_000
const MAX_INVOCATIONS = 100

const test = linkr
  /** Hits of this many links wait in Redis, each link with another number of them; resolves to what Postgres is to have. */
  .extend('makeHits', ({ stores }) => async (claims: number) => {
    const rows = await stores.sql<{ id: string }>(
      `INSERT INTO links (domain, code, url) SELECT '*', 'hit-' || i, 'https://example.com/'
       FROM generate_series(1, ${claims * LINKS_A_CLAIM}) AS i RETURNING id`,
    )
    const hits = new Map(rows.map(({ id }, i) => [id, i + 1]))
    await invoke(stores, UNLIMITED, async ({ counters }) => {
      const all = [...hits]
      for (let i = 0; i < all.length; i += LINKS_A_CLAIM) {
        const batch = {
          isolate: 'isolate-of-the-test',
          sequence: Date.now() + i,
          hits: new Map(all.slice(i, i + LINKS_A_CLAIM)),
          visits: '',
        }
        await counters.commit(batch)
      }
    })
    return hits
  })

test.beforeAll(limitFetch)
test.afterAll(() => void vi.unstubAllGlobals())
test.beforeEach(async ({ stores }) => {
  await stores.emptyRedis()
  await stores.sql('TRUNCATE links, applied_hits, cache_outbox, settled_edits CASCADE')
})

async function makeEdits({ sql }: Stores): Promise<void> {
  await sql(`WITH made AS (
      INSERT INTO links (domain, code, url)
      SELECT '*', 'edit-' || i, 'https://example.com/' || i FROM generate_series(1, ${EDITS}) AS i RETURNING *
    ) INSERT INTO cache_outbox (name, version) SELECT domain || '/' || code, version FROM made`)
}

const editsLeft = async ({ sql }: Stores): Promise<number> =>
  Number((await sql<{ count: string }>('SELECT count(*) FROM cache_outbox'))[0]?.count)

async function counted({ sql }: Stores): Promise<Map<string, number>> {
  const rows = await sql<{ link_id: string; hits: string }>(
    'SELECT link_id, hits FROM link_hits WHERE hits > 0',
  )
  return new Map(rows.map(({ link_id, hits }) => [link_id, Number(hits)]))
}

const sum = (hits: ReadonlyMap<string, number>): number => [...hits.values()].reduce((a, b) => a + b, 0)

/** Until it says so; resolves to every invocation. */
async function repeat<Result>(
  run: () => Promise<Invocation<Result>>,
  isDone: (result: Result) => boolean | Promise<boolean>,
): Promise<Invocation<Result>[]> {
  const invocations: Invocation<Result>[] = []
  for (;;) {
    const invocation = await run()
    invocations.push(invocation)
    if (await isDone(invocation.result)) return invocations
    expect(invocations.length).toBeLessThan(MAX_INVOCATIONS)
  }
}

const refusals = (invocations: readonly Invocation<unknown>[]): number =>
  invocations.reduce((total, { refused }) => total + refused, 0)

describe('crons that may send few requests', () => {
  test.for([5, 10, 20, 50])(
    '%i each: flush every hit once and ask for no more',
    async (limit, { stores, makeHits }) => {
      const hits = await makeHits(CLAIMS)
      const isDone = async () => sum(await counted(stores)) >= sum(hits)
      const crons = await repeat(() => invoke(stores, { limit }, runCron), isDone)
      expect(crons.length).toBeGreaterThan(1)
      await invoke(stores, { limit }, runCron)
      expect(await counted(stores)).toEqual(hits)
      expect(refusals(crons)).toBe(0)
      for (const { sent, counted: own } of crons) expect(own).toBe(sent)
    },
  )

  test.for([10, 20, 50])(
    '%i each: bring both hits and edits on in every one',
    async (limit, { stores, makeHits }) => {
      const hits = await makeHits(CLAIMS)
      await makeEdits(stores)
      let [flushed, left] = [0, EDITS]
      const crons = await repeat(
        () => invoke(stores, { limit }, runCron),
        async () => {
          const now = { flushed: sum(await counted(stores)), left: await editsLeft(stores) }
          if (flushed < sum(hits)) expect(now.flushed).toBeGreaterThan(flushed)
          if (left > 0) expect(now.left).toBeLessThan(left)
          ;[flushed, left] = [now.flushed, now.left]
          return flushed >= sum(hits) && left === 0
        },
      )
      expect(await counted(stores)).toEqual(hits)
      expect(refusals(crons)).toBe(0)
    },
  )

  test.for([3, 4, 5, 6, 7, 8, 10, 13])(
    '%i each, and do not know it: count every hit once, and no breaker takes it for an outage',
    async (limit, { stores, makeHits }) => {
      const hits = await makeHits(CLAIMS / 4)
      await makeEdits(stores)
      const isDone = async () => sum(await counted(stores)) >= sum(hits)
      const crons = await repeat(() => invoke(stores, { limit, setting: 50 }, runCron), isDone)
      expect(refusals(crons)).toBeGreaterThan(0)
      await invoke(stores, UNLIMITED, runCron)
      expect(await counted(stores)).toEqual(hits)
      for (const { services } of crons) {
        const states = Object.values(services.breakers).map((breaker) => breaker.state())
        expect(states).toEqual(['closed', 'closed', 'closed'])
      }
    },
  )
})

describe('a flush', () => {
  test('that has to stop says so, and requests that repeat it get to the end', async ({
    stores,
    makeHits,
  }) => {
    const hits = await makeHits(CLAIMS)
    const flushes = await repeat(
      () => invoke(stores, { limit: 20 }, ({ flush }) => flush()),
      ({ hasMore }) => !hasMore,
    )
    expect(flushes.length).toBeGreaterThan(2)
    expect(flushes.reduce((total, { result }) => total + result.hits, 0)).toBe(sum(hits))
    expect(await counted(stores)).toEqual(hits)
  })
})

describe('the Worker itself', () => {
  test('counts what its invocations send: of API requests and of crons', async ({ stores, startEdge }) => {
    const edge = await startEdge({ SUBREQUESTS: '10' })
    const ids = await makeFullSegments(stores, 8)
    expect(await (await edge.flush()).json()).toMatchObject({ claimed: 3, hits: 3, hasMore: true })
    await edge.cron()
    expect(sum(await counted(stores))).toBe(5)
    expect(await (await edge.flush()).json()).toMatchObject({ claimed: 3, hits: 3, hasMore: false })
    expect(await counted(stores)).toEqual(new Map(ids.map((id) => [id, 1])))
  })
})

/** Segments of one hit each, of which no two are claimed together: they are full of what is no counter. */
async function makeFullSegments({ sql, redis, keyPrefix }: Stores, count: number): Promise<string[]> {
  const { sealedHits, sealedHitsPrefix } = createKeys(keyPrefix)
  const filling = Array.from({ length: SEGMENT_LINKS / 2 }, (_, i) => [`filling-${i}`, '0']).flat()
  const rows = await sql<{ id: string }>(
    `INSERT INTO links (domain, code, url) SELECT '*', 'full-' || i, 'https://example.com/'
     FROM generate_series(1, ${count}) AS i RETURNING id`,
  )
  for (const { id } of rows) {
    await redis(
      'HSET',
      `${sealedHitsPrefix}segment-${id}`,
      id,
      '1',
      FIELD.hits,
      '1',
      FIELD.next,
      'n',
      ...filling,
    )
    await redis('RPUSH', sealedHits, `segment-${id}`)
  }
  return rows.map(({ id }) => id)
}

describe('a full reconciliation', () => {
  const LINKS = 1_500

  /** All are in Redis; some of them have changed in Postgres since, and others are gone. */
  async function diverge({ sql, ...stores }: Stores): Promise<void> {
    await sql(`INSERT INTO links (domain, code, url)
      SELECT '*', 'many-' || i, 'https://example.com/' || i FROM generate_series(1, ${LINKS}) AS i`)
    await invoke(stores, UNLIMITED, async ({ warm }) => {
      for (const offset of [0, 1000]) await warm(1000, offset)
    })
    await sql(
      `UPDATE links SET url = url || '/changed', version = nextval('link_version_seq') WHERE code LIKE '%7'`,
    )
    await sql(`DELETE FROM links WHERE code ~ '[024]5$'`)
  }

  test.for([
    [10, 10],
    [20, 20],
    [50, 50],
    [25, 50],
  ] as const)(
    'of which each part may send %i requests, and believes %i: completes in several',
    async ([limit, setting], { stores }) => {
      await diverge(stores)
      const runs = await repeat(
        () => invoke(stores, { limit, setting }, ({ reconcile }) => reconcile(true)),
        ({ complete }) => complete,
      )
      const total = (field: 'checked' | 'repaired') =>
        runs.reduce((all, { result }: Invocation<ReconcileReport>) => all + result[field], 0)
      expect(runs.length).toBeGreaterThan(1)
      expect(total('checked')).toBeGreaterThanOrEqual(LINKS)
      if (limit === setting) {
        expect(refusals(runs)).toBe(0)
        expect(total('repaired')).toBe(150 + 44)
      }
      const after = await invoke(stores, UNLIMITED, ({ reconcile }) => reconcile(true))
      expect(after.result).toMatchObject({ repaired: 0, complete: true })
    },
  )
})

describe('a warm-up', () => {
  test.for([10, 50])(
    'that may send %i requests: says how far it got, and goes on there',
    async (limit, { stores }) => {
      await stores.sql(`INSERT INTO links (domain, code, url)
      SELECT '*', 'cold-' || i, 'https://example.com/' || i FROM generate_series(1, 1000) AS i`)
      let links = 0
      const runs = await repeat(
        () => invoke(stores, { limit }, ({ warm }) => warm(1_000 - links, links)),
        (report) => {
          expect(report.links).toBeGreaterThan(0)
          links += report.links
          return report.complete
        },
      )
      expect(runs.length).toBe(limit === 10 ? 5 : 1)
      expect(runs.reduce((total, { result }) => total + result.warmed, 0)).toBe(1_000)
    },
  )
})

describe('a batch of the largest size', () => {
  const post = (stores: Stores, limits: Limits, path: string, body: unknown, key: string) =>
    invoke(stores, limits, async (services) => {
      const headers = {
        Authorization: `Bearer ${ADMIN_TOKEN}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': key,
      }
      const response = await createApp(() => services).request(`/api${path}`, {
        ...{ method: 'POST', headers, body: JSON.stringify(body) },
      })
      return { status: response.status, body: await response.json() }
    })
  const links = Array.from({ length: 1_000 }, (_, i) => ({
    url: `https://example.com/${i}`,
    code: `batch-${i}`,
  }))

  test('is created, overwritten, imported and renamed within 50 requests', async ({ stores }) => {
    const limits = { limit: 50 }
    const requests: [string, object][] = [
      ['/links/bulk', { mode: 'create', links }],
      ['/links/bulk', { mode: 'upsert', links }],
      ['/links/import', { onConflict: 'overwrite', links }],
      ['/links/import', { onConflict: 'rename', links }],
      ['/links/import', { onConflict: 'skip', links }],
    ]
    for (const [i, [path, body]] of requests.entries()) {
      const { result, refused, sent } = await post(stores, limits, path, body, `batch-${i}`)
      expect({ status: result.status, refused }).toEqual({ status: 200, refused: 0 })
      expect(sent).toBeLessThanOrEqual(12)
    }
  })

  test.for([2, 3, 4, 5])(
    'that is refused all but %i requests is made once by its repetition',
    async (limit, { stores }) => {
      const body = { onConflict: 'rename', links }
      await post(stores, { limit, setting: 50 }, '/links/import', body, `refused-${limit}`)
      // An attempt that could not give its claim back holds it for a minute.
      await stores.sql(
        `UPDATE idempotent_answers SET created_at = created_at - interval '2 minutes' WHERE status IS NULL`,
      )
      const repeated = await post(stores, { limit: 50 }, '/links/import', body, `refused-${limit}`)
      expect(repeated.result.status).toBe(200)
      const [row] = await stores.sql<{ count: string }>('SELECT count(*) FROM links')
      expect(Number(row?.count)).toBe(links.length)
      await invoke(stores, UNLIMITED, ({ publisher }) => publisher.drain())
      expect(await editsLeft(stores)).toBe(0)
    },
  )

  test('that restores totals while hits wait: flushes what it may, says so, and is done in the end', async ({
    stores,
    makeHits,
  }) => {
    const hits = await makeHits(CLAIMS)
    const restored = links.map((link) => ({ ...link, hits: 7 }))
    const attempts = await repeat(
      () =>
        post(stores, { limit: 50 }, '/links/import', { onConflict: 'restore', links: restored }, 'restore'),
      ({ status, body }) => {
        if (status !== 200) expect(body).toMatchObject({ code: 'hits_waiting' })
        return status === 200
      },
    )
    expect(attempts.length).toBeGreaterThan(1)
    expect(refusals(attempts)).toBe(0)
    const all = await counted(stores)
    for (const [id, count] of hits) expect(all.get(id)).toBe(count)
  })
})

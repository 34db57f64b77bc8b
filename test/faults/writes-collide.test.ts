import pg from 'pg'
import { describe, expect } from 'vitest'
import type { ApiLink } from '../support/edge.ts'
import { test as base } from '../support/fault-test.ts'

const url = 'https://example.com/'

const test = base
  /** Links whose ids run against their codes. */
  .extend('makeLinks', ({ edge }) => async (prefix: string, count: number): Promise<readonly ApiLink[]> => {
    const links = Array.from({ length: count }, (_, i) => ({ url, code: `${prefix}-${1000 + count - i}` }))
    const made = []
    for (const link of links) made.push(await edge.create(link))
    return made
  })

describe('Postgres rolls a write back in favour of another one', () => {
  test.for([
    ['deadlock', '40P01'],
    ['serialization failure', '40001'],
  ] as const)(
    '%s: it is written again, and its owner notices nothing',
    async ([_, sqlState], { stores, edge, makeLinks }) => {
      const [link] = await makeLinks(`again-${sqlState}`, 1)
      let strikes = 0
      stores.postgresFaults.inject({ kind: 'sql-error', sqlState }, ({ commands }) =>
        commands.some((sql) => /INSERT INTO "links"|update "links"/.test(sql) && ++strikes % 3 !== 0),
      )
      const links = [{ url: `${url}upserted`, code: link?.code }]
      const requests = [
        await edge.api('POST', '/links/bulk', { mode: 'upsert', links }),
        await edge.api('PATCH', '/links', { ids: [link?.id], changes: { title: 'Bulk' } }),
        await edge.api('PATCH', `/links/${link?.id}`, { url: `${url}edited` }),
      ]
      expect(requests.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(await edge.follow(link?.code ?? '')).toBe(`${url}edited`)
    },
  )

  test('again and again: it is given up, and answered 503', async ({ stores, edge }) => {
    stores.postgresFaults.inject({ kind: 'sql-error', sqlState: '40P01' })
    expect((await edge.api('POST', '/links', { url })).status).toBe(503)
  })
})

describe('many writes of the same links at once', () => {
  test('bulk edits by id and batches by code are all answered', async ({ edge, makeLinks }) => {
    const made = await makeLinks('crowd', 40)
    const ids = made.map(({ id }) => id)
    const links = made.map(({ code }) => ({ url: `${url}batch`, code, hits: 7 }))
    const write = (i: number): Promise<Response> => {
      if (i % 3 === 0) return edge.api('PATCH', '/links', { ids, changes: { title: `Title ${i}` } })
      if (i % 3 === 1) return edge.api('POST', '/links/import', { onConflict: 'overwrite', links })
      return edge.api('POST', '/links/bulk', {
        mode: 'upsert',
        links: links.map(({ code }) => ({ url, code })),
      })
    }
    const answers = await Promise.all(Array.from({ length: 24 }, (_, i) => write(i)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  })

  // Beside a flush, whose lock this is. The embedded Postgres runs one transaction at a time, here as below.
  test.runIf(process.env.STORES === 'services')(
    'a bulk edit does not wait for a flush',
    async ({ stores, edge, makeLinks }) => {
      const made = await makeLinks('flushed', 2)
      const client = new pg.Client({ connectionString: stores.bindings.DATABASE_URL })
      await client.connect()
      await client.query('BEGIN')
      await client.query('SELECT FROM links WHERE id = $1 FOR KEY SHARE', [made[0]?.id])
      const ids = made.map(({ id }) => id)
      expect((await edge.api('PATCH', '/links', { ids, changes: { title: 'Title' } })).status).toBe(200)
      await client.query('COMMIT')
      await client.end()
    },
  )

  test.runIf(process.env.STORES === 'services')(
    'all of them lock links in the order of their codes',
    async ({ stores, edge, makeLinks }) => {
      const [last, first] = await makeLinks('ordered', 2)
      const client = new pg.Client({ connectionString: stores.bindings.DATABASE_URL })
      await client.connect()
      const lock = (id: string | undefined) =>
        client.query('SELECT FROM links WHERE id = $1 FOR UPDATE NOWAIT', [id])
      const isWaiting = async (): Promise<boolean> => {
        const waiting = await stores.sql(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        )
        return waiting.length > 0
      }
      const links = [last, first].map((link) => ({ url, code: link?.code }))
      const writes: readonly (() => Promise<Response>)[] = [
        () => edge.api('PATCH', '/links', { ids: [last?.id, first?.id], changes: { title: 'Title' } }),
        () => edge.api('POST', '/links/bulk', { mode: 'upsert', links }),
        () => edge.api('DELETE', '/links', { ids: [last?.id, first?.id] }),
      ]
      for (const write of writes) {
        await client.query('BEGIN')
        await lock(first?.id)
        const answer = write()
        await expect.poll(isWaiting).toBe(true)
        await lock(last?.id)
        await client.query('COMMIT')
        expect((await answer).status).toBe(200)
      }
      await client.end()
    },
  )
})

import { expect, vi } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { parseConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/postgres/client.ts'
import { postgresOutbox } from '../../src/postgres/outbox.ts'
import { test } from '../support/linkr.ts'

const LINKS = 20_000
const KEYS = Array.from({ length: 1_000 }, (_, i) => ({ domain: '*', code: `code${20 * i}` }))

test.beforeAll(async ({ stores }) => {
  await stores.sql(`
    INSERT INTO links (domain, code, url)
    SELECT '*', 'code' || i, 'https://example.com/' || i FROM generate_series(1, ${LINKS}) AS i`)
  await stores.sql(
    `INSERT INTO cache_outbox (name, version) SELECT domain || '/' || code, version FROM links`,
  )
  await stores.sql(`
    INSERT INTO settled_edits (name, version, log_id, settled_at)
    SELECT '*/gone' || i, i, '1-0', now() - interval '1 day' FROM generate_series(1, ${LINKS}) AS i`)
  for (const table of ['links', 'cache_outbox', 'settled_edits']) await stores.sql(`ANALYZE ${table}`)
})

test('looking up, draining or settling many keys reads those and no others, however many wait', async ({
  stores,
}) => {
  const statements: { readonly query: string; readonly params: unknown[] }[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    statements.push(JSON.parse(String(init?.body)))
    return Response.json({ command: 'SELECT', rowCount: 0, fields: [], rows: [] })
  })
  const { postgres } = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
  const database = openDatabase(postgres, createBreaker({ now: Date.now, isOutage: () => false }))
  await postgresOutbox(database).current(KEYS)
  await postgresOutbox(database).pending(200)
  await postgresOutbox(database).settle(
    KEYS.map((key) => ({ ...key, version: 1, link: null })),
    '1-0',
  )
  vi.restoreAllMocks()
  expect(statements).toHaveLength(3)
  for (const { query, params } of statements) {
    const plan = await stores.sql<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS off) ${query}`, params)
    const text = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(text).toContain('links_code_domain_key')
    expect(text).not.toMatch(/Seq Scan on (links|cache_outbox|settled_edits)/)
  }
})

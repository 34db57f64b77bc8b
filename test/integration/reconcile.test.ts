import { describe, expect } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { ReconcileReport } from '../../src/operations/reconcile.ts'
import { createRuntime } from '../../src/runtime.ts'
import { createServices, type Services } from '../../src/services.ts'
import { test as base } from '../support/linkr.ts'
import type { Stores } from '../support/stores.ts'

const LINKS = 1_500

const test = base
  /** An isolate whose clock is 7 s later each time that it looks. */
  .extend('hastenedServices', ({ stores }) => (): Services => {
    let time = Date.now()
    const config = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
    return createServices(config, { ...createRuntime(() => {}), now: () => (time += 7_000) })
  })

test.beforeAll(async ({ stores, edge }) => {
  await stores.sql(`INSERT INTO links (domain, code, url)
    SELECT '*', 'many-' || i, 'https://example.com/' || i FROM generate_series(1, ${LINKS}) AS i`)
  for (const offset of [0, 1000]) await edge.api('POST', '/warm', { count: 1000, offset })
})

describe('a full reconciliation', () => {
  test('that takes longer than one invocation may goes on where it stopped, and gets to the end', async ({
    stores,
    hastenedServices,
  }) => {
    await stores.sql(`UPDATE links SET url = url || '/changed', version = nextval('link_version_seq')
      WHERE id % 100 = 0`)
    const { reconcile } = hastenedServices()
    const reports: ReconcileReport[] = []
    while (reports.at(-1)?.complete !== true) {
      reports.push(await reconcile(true))
      expect(reports.length).toBeLessThan(LINKS / 100)
    }
    const sum = (field: 'checked' | 'repaired') => reports.reduce((total, report) => total + report[field], 0)
    expect(reports.length).toBeGreaterThan(1)
    expect(sum('checked')).toBeGreaterThanOrEqual(LINKS)
    expect(sum('repaired')).toBe(LINKS / 100)
  })

  test('begins anew once it has reached the end', async ({ edge }) => {
    for (let run = 0; run < 2; run++) {
      const report = (await (await edge.api('POST', '/reconcile', { full: true })).json()) as ReconcileReport
      expect(report).toMatchObject({ complete: true, repaired: 0 })
      expect(report.checked).toBeGreaterThanOrEqual(LINKS)
    }
  })
})

describe('answers kept for an Idempotency-Key', () => {
  const old = (stores: Stores) => stores.sql(`SELECT FROM idempotent_answers WHERE key LIKE 'old-%'`)

  async function keepOld(stores: Stores, key: string): Promise<void> {
    await stores.sql(
      `INSERT INTO idempotent_answers (caller, key, request_hash, attempt, status, body, created_at)
      VALUES ('admin', $1, 'x', 'x', 200, '{}', now() - interval '25 hours')`,
      [key],
    )
  }

  test('are gone a day later, with the next reconciliation', async ({ stores, edge }) => {
    await keepOld(stores, 'old-1')
    await edge.api('POST', '/reconcile')
    expect(await old(stores)).toEqual([])
  })

  test('are gone a day later, with the next request of their kind that an isolate gets in an hour', async ({
    stores,
    edge,
  }) => {
    await keepOld(stores, 'old-2')
    await edge.api('POST', '/links', { url: 'https://example.com/' }, { 'Idempotency-Key': 'new' })
    await expect.poll(() => old(stores)).toEqual([])
  })
})

test('ids of batches are gone a month later, with the next reconciliation', async ({ stores, edge }) => {
  await stores.sql(
    `INSERT INTO applied_hits (id, applied_at, hits) VALUES ('old', now() - interval '31 days', 1)`,
  )
  await edge.api('POST', '/reconcile')
  expect(await stores.sql(`SELECT FROM applied_hits WHERE id = 'old'`)).toEqual([])
})

test('what tells visitors apart is gone some days later, with the next reconciliation', async ({
  stores,
  edge,
}) => {
  const { id } = await edge.create({ url: 'https://example.com/' })
  await stores.sql(`INSERT INTO link_visitors (link_id, day, numbers) VALUES ($1, now()::date - 5, '{1}')`, [
    id,
  ])
  await edge.api('POST', '/reconcile')
  expect(await stores.sql('SELECT FROM link_visitors WHERE link_id = $1', [id])).toEqual([])
})

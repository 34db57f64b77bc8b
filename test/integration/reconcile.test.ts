import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { ReconcileReport } from '../../src/operations/reconcile.ts'
import { createRuntime } from '../../src/runtime.ts'
import { createServices, type Services } from '../../src/services.ts'
import { type Edge, startEdge } from '../support/edge.ts'
import { type Stores, startStores } from '../support/stores.ts'

const LINKS = 1_500

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores)
  await stores.sql(`INSERT INTO links (domain, code, url)
    SELECT '*', 'many-' || i, 'https://example.com/' || i FROM generate_series(1, ${LINKS}) AS i`)
  for (const offset of [0, 1000]) await edge.api('POST', '/warm', { count: 1000, offset })
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

/** An isolate whose clock is 7 s later each time that it looks. */
function hastenedServices(): Services {
  let time = Date.now()
  const config = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
  return createServices(config, { ...createRuntime(() => {}), now: () => (time += 7_000) })
}

describe('a full reconciliation', () => {
  test('that takes longer than one invocation may goes on where it stopped, and gets to the end', async () => {
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

  test('begins anew once it has reached the end', async () => {
    for (let run = 0; run < 2; run++) {
      const report = (await (await edge.api('POST', '/reconcile', { full: true })).json()) as ReconcileReport
      expect(report).toMatchObject({ complete: true, repaired: 0 })
      expect(report.checked).toBeGreaterThanOrEqual(LINKS)
    }
  })
})

describe('answers kept for an Idempotency-Key', () => {
  const old = () => stores.sql(`SELECT FROM idempotent_answers WHERE key LIKE 'old-%'`)

  async function keepOld(key: string): Promise<void> {
    await stores.sql(
      `INSERT INTO idempotent_answers (caller, key, request_hash, attempt, status, body, created_at)
      VALUES ('admin', $1, 'x', 'x', 200, '{}', now() - interval '25 hours')`,
      [key],
    )
  }

  test('are gone a day later, with the next reconciliation', async () => {
    await keepOld('old-1')
    await edge.api('POST', '/reconcile')
    expect(await old()).toEqual([])
  })

  test('are gone a day later, with the next request of their kind that an isolate gets in an hour', async () => {
    await keepOld('old-2')
    await edge.api('POST', '/links', { url: 'https://example.com/' }, { 'Idempotency-Key': 'new' })
    await expect.poll(old).toEqual([])
  })
})

test('ids of batches are gone a month later, with the next reconciliation', async () => {
  await stores.sql(
    `INSERT INTO applied_hits (id, applied_at, hits) VALUES ('old', now() - interval '31 days', 1)`,
  )
  await edge.api('POST', '/reconcile')
  expect(await stores.sql(`SELECT FROM applied_hits WHERE id = 'old'`)).toEqual([])
})

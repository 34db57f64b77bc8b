import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { parseConfig } from '../../src/config.ts'
import { type Database, openDatabase } from '../../src/postgres/client.ts'
import { postgresOutbox } from '../../src/postgres/outbox.ts'
import { TO_OUTBOX } from '../../src/postgres/to-outbox.ts'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { test as base } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'

const url = 'https://example.com/again'

const test = base
  .extend('nextVersion', ({ stores }) => async (): Promise<number> => {
    const [row] = await stores.sql<{ version: string }>(`SELECT nextval('link_version_seq') AS version`)
    return Number(row?.version)
  })
  .extend('connect', ({ stores }) => (): Database => {
    const { postgres } = parseConfig({ ...stores.bindings, ADMIN_TOKEN: 'not-used-in-this-test' })
    return openDatabase(postgres, createBreaker({ now: Date.now, isOutage: () => false }))
  })
  /** What such an insert does: it drew its version first, and then waited for the deletion. */
  .extend('insert', ({ connect }) => async (code: string, version: number): Promise<void> => {
    await connect().execute(sql`
    WITH written AS (
      INSERT INTO links (domain, code, url, version) VALUES ('*', ${code}, ${url}, ${version}) RETURNING *
    ), ${TO_OUTBOX} SELECT FROM written`)
  })
  .extend('versionOf', ({ stores }) => async (code: string): Promise<number> => {
    const [row] = await stores.sql<{ version: string }>('SELECT version FROM links WHERE code = $1', [code])
    return Number(row?.version)
  })

describe('a code that is taken again while its link is being deleted', () => {
  test('gets a version above the deletion that still waits in the outbox', async ({
    stores,
    edge,
    nextVersion,
    insert,
    versionOf,
  }) => {
    const drawn = await nextVersion()
    const deletion = await nextVersion()
    await stores.sql(`INSERT INTO cache_outbox (name, version) VALUES ('*/again-1', $1)`, [deletion])
    await insert('again-1', drawn)
    await edge.api('POST', '/reconcile')
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await versionOf('again-1')).toBeGreaterThan(deletion)
    expect(await edge.follow('again-1')).toBe(url)
  })

  test('gets one above the deletion that Redis has, though Redis goes down before it hears of it', async ({
    stores,
    edge,
    nextVersion,
    versionOf,
  }) => {
    const deletion = (await nextVersion()) + 100
    const absent = `${deletion}:{"link":null,"softExpiresAt":${Date.now() + 60_000},"loadMs":1}`
    await stores.redis('SET', stores.registerOf('again-2'), absent)
    let publications = 0
    stores.redisFaults.inject({ kind: 'refuse' }, (request) => runs(PUBLISH)(request) && ++publications > 1)
    await edge.create({ url, code: 'again-2' })
    await expect.poll(() => publications).toBeGreaterThan(1)
    stores.heal()
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    expect(await versionOf('again-2')).toBeGreaterThan(deletion)
    expect(await stores.register('again-2')).toContain(url)
    expect(await edge.follow('again-2')).toBe(url)
  })

  test('waits in the outbox until Redis has it, wherever an isolate dies', async ({
    stores,
    nextVersion,
    connect,
    insert,
  }) => {
    const outbox = postgresOutbox(connect())
    const key = { domain: '*', code: 'again-3' }
    const waiting = () =>
      stores.sql<{ version: string }>(`SELECT version FROM cache_outbox WHERE name = '*/again-3'`)
    const drawn = await nextVersion()
    const deletion = await nextVersion()
    await insert('again-3', drawn)
    // It died after it had settled the deletion ...
    const settled = await outbox.settle([{ ...key, version: deletion, link: null }], '1-0')
    expect([settled, await waiting()]).toEqual([[{ key, version: deletion }], [{ version: String(drawn) }]])
    // ... or after Postgres had raised the version.
    const raised = await outbox.bumpAbove(key, deletion)
    expect(raised?.version).toBeGreaterThan(deletion)
    expect(await waiting()).toEqual([{ version: String(raised?.version) }])
    expect(await outbox.settle(raised === null ? [] : [raised], '2-0')).toEqual([])
    expect(await waiting()).toEqual([])
  })
})

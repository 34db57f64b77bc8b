import { describe, expect } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { parseConfig } from '../../src/config.ts'
import { registerName } from '../../src/links/register-key.ts'
import { openDatabase } from '../../src/postgres/client.ts'
import { postgresOutbox } from '../../src/postgres/outbox.ts'
import type { Edit } from '../../src/registers/edit.ts'
import { test as base } from '../support/linkr.ts'

const test = base
  .extend('outbox', { scope: 'file' }, ({ stores }) => {
    // A busy machine may take its time for 20,000 edits at once.
    const settings = { POSTGRES_TIMEOUT_MS: '30000', ADMIN_TOKEN: 'not-used-in-this-test' }
    const { postgres } = parseConfig({ ...stores.bindings, ...settings })
    return postgresOutbox(openDatabase(postgres, createBreaker({ now: Date.now, isOutage: () => false })))
  })
  .extend('settle', ({ stores, outbox }) => async (logId: string, ...edits: Edit[]): Promise<void> => {
    for (const edit of edits) {
      const row = [registerName(edit), edit.version]
      await stores.sql('INSERT INTO cache_outbox (name, version) VALUES ($1, $2)', row)
    }
    await outbox.settle(edits, logId)
  })
  .extend('settled', ({ stores }) => async () => {
    const rows = await stores.sql<{ name: string }>('SELECT name FROM settled_edits ORDER BY name')
    return rows.map(({ name }) => codeOf(name))
  })
  .extend('pending', ({ outbox }) => async () => {
    return (await outbox.pending(100)).map((edit) => [codeOf(registerName(edit)), edit.version])
  })

const codeOf = (name: string): string => name.replace(/^\*\//, '')

test.beforeEach(({ stores }) => stores.sql('TRUNCATE links, domains, cache_outbox, settled_edits CASCADE'))

/** A deletion, which needs no link. */
const deletion = (code: string, version: number): Edit => ({ domain: '*', code, version, link: null })

describe('the outbox', () => {
  test('keeps what is settled apart from what is pending', async ({ outbox, settle, settled, pending }) => {
    await settle('100-0', deletion('a', 1))
    expect([await pending(), await outbox.depth(), await settled()]).toEqual([
      [],
      { depth: 0, oldestAt: null },
      ['a'],
    ])
  })

  test('takes in again what the change log has lost, and nothing else', async ({
    outbox,
    settle,
    pending,
  }) => {
    await settle('90-0', deletion('trimmed', 1))
    await settle('100-0', deletion('oldest', 2))
    await settle('150-3', deletion('kept', 3))
    await settle('150-4', deletion('lost', 4))
    await settle('9000-0', deletion('lost-too', 5))
    expect(await outbox.reopen(['100-0', '100-0', '150-3', '8000-0'])).toBe(2)
    expect(new Set(await pending())).toEqual(
      new Set([
        ['lost', 4],
        ['lost-too', 5],
      ]),
    )
    // Once is enough, until it is settled under an entry that is lost again.
    expect(await outbox.reopen(['100-0', '100-0', '150-3', '8000-0'])).toBe(0)
    await outbox.settle([deletion('lost', 4), deletion('lost-too', 5)], '9100-0')
    expect(await outbox.reopen(['100-0', '100-0', '150-3', '9100-0'])).toBe(0)
  })

  test('takes in all that is lost, if nothing was ever taken off the change log', async ({
    outbox,
    settle,
  }) => {
    await settle('90-0', deletion('a', 1), deletion('b', 2))
    expect(await outbox.reopen(['0-0', '100-0'])).toBe(2)
  })

  test('remembers of a link what was settled last', async ({ outbox, settle, pending }) => {
    await settle('100-0', deletion('a', 1))
    await settle('200-0', deletion('a', 2))
    expect(await outbox.reopen(['50-0', '100-0'])).toBe(1)
    expect(await pending()).toEqual([['a', 2]])
  })

  test('does not touch a newer version that is pending', async ({ stores, outbox, settle, pending }) => {
    await settle('100-0', deletion('a', 1))
    await stores.sql(`INSERT INTO cache_outbox (name, version) VALUES ('*/a', 2)`)
    expect(await outbox.reopen(['50-0'])).toBe(0)
    expect(await pending()).toEqual([['a', 2]])
  })

  test('forgets after 70 minutes, in the course of settling others', async ({
    stores,
    outbox,
    settle,
    settled,
  }) => {
    await settle('100-0', deletion('old', 1), deletion('older', 2), deletion('pending', 3))
    await stores.sql(`UPDATE settled_edits SET settled_at = now() - interval '71 minutes'`)
    await stores.sql(`INSERT INTO cache_outbox (name, version) VALUES ('*/pending', 4)`)
    expect(await outbox.reopen(['50-0'])).toBe(0)
    await settle('200-0', deletion('new', 5))
    expect(await settled()).toEqual(['new', 'pending'])
  })

  test('raises the settings of a domain above a claim, and keeps them until the raised version is settled', async ({
    stores,
    outbox,
    settled,
  }) => {
    const host = 'go.example.com'
    await stores.sql(`INSERT INTO domains (host, root_url) VALUES ($1, 'https://example.com/')`, [host])
    expect(await outbox.bumpAbove({ host }, 0)).toBeNull()
    expect((await outbox.bumpAbove({ host: 'none.example.com' }, 1_000))?.version).toBe(1_001)
    const raised = await outbox.bumpAbove({ host }, 2_000)
    expect(raised).toMatchObject({ host, version: 2_001, settings: { rootUrl: 'https://example.com/' } })
    expect(await outbox.current([{ host }, { domain: host, code: host }])).toEqual([
      raised,
      { domain: host, code: host, version: 0, link: null },
    ])
    expect(await outbox.settle([{ host, version: 3_000, settings: null }], '1-0')).toEqual([
      { key: { host }, version: 3_000 },
    ])
    expect(await outbox.settle(raised === null ? [] : [raised], '2-0')).toEqual([])
    expect(await settled()).toContain(host)
  })

  test('has no limit to how many it takes in, a statement at a time', async ({ stores, outbox }) => {
    await stores.sql(`
      INSERT INTO settled_edits (name, version, log_id) SELECT '*/c' || i, i, '100-0' FROM generate_series(1, 25000) AS i`)
    expect(await outbox.reopen(['50-0'])).toBe(20_000)
    expect(await outbox.reopen(['50-0'])).toBe(5_000)
  })
})

import { describe, expect } from 'vitest'
import { PUBLISH } from '../../src/redis/scripts/registers.ts'
import { test } from '../support/fault-test.ts'
import { runs } from '../support/faults.ts'
import { toldHits } from '../support/told-hits.ts'

describe('isolate dies', () => {
  test('every hit that it has committed counts once; of the others at most those of its commit window are lost', async ({
    stores,
    edge,
    startEdge,
  }) => {
    const victim = await startEdge({ HIT_COMMIT_WINDOW_MS: '1000', HIT_COMMIT_MAX_WINDOW_MS: '4000' })
    const { id, code } = await victim.create({ url: 'https://example.com/' })
    for (let i = 0; i < 3; i++) await victim.get(`/${code}`)
    await expect.poll(() => edge.hitsOf(id)).toBe(3)
    for (let i = 0; i < 2; i++) await victim.get(`/${code}`)
    await victim.close()
    const [counted, told] = await Promise.all([
      stores.redis('HGET', `${stores.keyPrefix}v1:hits`, id),
      stores.redis('GET', `${stores.keyPrefix}v1:hits:visits`),
    ])
    expect(toldHits(String(told))).toEqual({ [id]: Number(counted) })
    await edge.flush()
    const hits = await stores.flushedHits(id)
    expect(hits).toBeGreaterThanOrEqual(3)
    expect(hits).toBeLessThanOrEqual(5)
    expect(await edge.hitsOf(id)).toBe(hits)
  })

  test('holding the lease of a link: others load the link all the same', async ({
    stores,
    edge,
    startEdge,
  }) => {
    const victim = await startEdge()
    const { code } = await edge.create({ url: 'https://example.com/' })
    await expect.poll(() => stores.sql('SELECT FROM cache_outbox')).toEqual([])
    await stores.redis('DEL', stores.registerOf(code))
    stores.postgresFaults.inject({ kind: 'hang' })
    const cutOff = victim.follow(code).catch(() => null)
    await expect.poll(() => stores.postgresFaults.struck).toBe(1)
    await victim.close()
    await cutOff
    stores.heal()
    expect(await edge.follow(code)).toBe('https://example.com/')
  })

  test('between writing an edit and publishing it: the next cron that finds hits publishes it', async ({
    stores,
    edge,
    startEdge,
  }) => {
    const victim = await startEdge()
    const { id, code } = await edge.create({ url: 'https://example.com/old' })
    expect(await edge.follow(code)).toBe('https://example.com/old')
    stores.redisFaults.inject({ kind: 'hang' }, runs(PUBLISH))
    const cutOff = victim.edit(id, 'https://example.com/new').catch(() => null)
    await expect.poll(() => stores.redisFaults.struck).toBe(1)
    await victim.close()
    await cutOff
    stores.heal()
    expect(await stores.register(code)).toContain('https://example.com/old')
    await edge.cron()
    expect(await stores.register(code)).toContain('https://example.com/new')
    expect(await edge.follow(code)).toBe('https://example.com/new')
    expect(await stores.sql('SELECT FROM cache_outbox')).toEqual([])
  })
})

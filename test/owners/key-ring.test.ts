import { describe, expect, test } from 'vitest'
import { type ApiKey, generateKey } from '../../src/owners/api-key.ts'
import { createKeyRing } from '../../src/owners/key-ring.ts'
import { sha256 } from '../../src/sha256.ts'

function setUp() {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const stored = new Map<string, ApiKey>()
  const asked: string[] = []
  const touched: string[] = []
  const keys = {
    find: async (hash: string) => {
      asked.push(hash)
      return stored.get(hash) ?? null
    },
    touch: async (id: string) => void touched.push(id),
  }
  const ring = createKeyRing({
    keys,
    runtime: { now: () => now, background: (_, work) => void work },
  })
  return {
    ring,
    asked,
    touched,
    pass: (ms: number) => {
      now += ms
    },
    async store(fields: Partial<ApiKey> = {}): Promise<string> {
      const key = await generateKey()
      const times = {
        expiresAt: null,
        lastUsedAt: null,
        createdAt: new Date(now),
        createdBy: null,
        revokedAt: null,
      }
      stored.set(await sha256(key), {
        ...{
          id: '1',
          name: 'a',
          prefix: key.slice(0, 11),
          scopes: ['links:read'],
          domains: null,
          ...times,
          ...fields,
        },
      })
      return key
    },
    revoke: async (key: string) => {
      const hash = await sha256(key)
      const known = stored.get(hash)
      if (known !== undefined) stored.set(hash, { ...known, revokedAt: new Date(now) })
    },
  }
}

describe('the key ring', () => {
  test('asks no store for a key that was mistyped or made up', async () => {
    const { ring, asked, store } = setUp()
    const key = await store()
    const last = key.at(-1) === '0' ? '1' : '0'
    for (const wrong of [
      `${key.slice(0, -1)}${last}`,
      `lk_${key[3] === 'x' ? 'y' : 'x'}${key.slice(4)}`,
      key.slice(0, -1),
      'lk_',
      '',
      'x',
    ]) {
      expect(await ring.find(wrong)).toBeNull()
    }
    expect(asked).toEqual([])
    // One from before keys had a checksum can only be looked up.
    expect(await ring.find(key.slice(0, 43))).toBeNull()
    expect(asked).toHaveLength(1)
  })

  test('trusts a key for an hour after it was good, whatever else is tried meanwhile', async () => {
    const { ring, store, pass, revoke } = setUp()
    const key = await store()
    expect(await ring.trusts(key)).toBe(false)
    await ring.find(key)
    for (let i = 0; i < 1_500; i++) await ring.find(`lk_${String(i).padStart(40, '0')}`)
    pass(59 * 60_000)
    expect(await ring.trusts(key)).toBe(true)
    pass(60_001)
    expect(await ring.trusts(key)).toBe(false)
    await ring.find(key)
    await revoke(key)
    pass(5_000)
    expect(await ring.find(key)).toBeNull()
    pass(5_000)
    expect(await ring.trusts(key)).toBe(false)
  })

  test('asks once for a key that is used often, and once for one that is not there', async () => {
    const { ring, asked, store } = setUp()
    const key = await store()
    const wrong = await generateKey()
    for (let i = 0; i < 5; i++) {
      expect((await ring.find(key))?.id).toBe('1')
      expect(await ring.find(wrong)).toBeNull()
    }
    expect(asked).toHaveLength(2)
  })

  test('never asks for what cannot be a key', async () => {
    const { ring, asked } = setUp()
    for (const text of ['', 'lk_', 'lk_x', `lk_${'a'.repeat(41)}`, `xx_${'a'.repeat(40)}`]) {
      expect(await ring.find(text)).toBeNull()
    }
    expect(asked).toEqual([])
  })

  test('learns within 5 s that a key has been revoked', async () => {
    const { ring, store, revoke, pass } = setUp()
    const key = await store()
    await ring.find(key)
    await revoke(key)
    pass(4_900)
    expect(await ring.find(key)).toBeNull()
  })

  test('lets a key expire at its time, however lately it was asked for', async () => {
    const { ring, store, pass } = setUp()
    const key = await store({ expiresAt: new Date('2026-01-01T00:00:01Z') })
    expect(await ring.find(key)).not.toBeNull()
    pass(1_000)
    expect(await ring.find(key)).toBeNull()
  })

  test('notes a use once a minute', async () => {
    const { ring, store, touched, pass } = setUp()
    const key = await store({ lastUsedAt: new Date('2026-01-01T00:00:00Z') })
    for (let seconds = 0; seconds <= 60; seconds += 10) {
      await ring.find(key)
      pass(10_000)
    }
    expect(touched).toEqual([])
    await ring.find(key)
    expect(touched).toEqual(['1'])
  })
})

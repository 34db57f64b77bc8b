import { describe, expect, test } from 'vitest'
import { authenticate } from '../../../src/api/http/authenticate.ts'
import { type ApiKey, generateKey } from '../../../src/owners/api-key.ts'
import { createKeyRing } from '../../../src/owners/key-ring.ts'
import { sha256 } from '../../../src/sha256.ts'
import { tinyApi } from '../tiny-api.ts'

const ADMIN_TOKEN = 'admin-token-of-the-tests'
const PREVIOUS = 'the-token-before-this-one'
const LIMIT = 5

/** An API that says who calls it. Of `LIMIT` failures a minute, as Cloudflare would count them. */
function setUp() {
  const state = { now: Date.parse('2026-01-01T00:00:00Z'), lookedUp: 0 }
  const stored = new Map<string, ApiKey>()
  const failures = new Map<string, number>()
  const runtime = { now: () => state.now, background: (_: string, work: Promise<unknown>) => void work }
  const find = async (hash: string) => {
    state.lookedUp++
    return stored.get(hash) ?? null
  }
  const keyRing = createKeyRing({ keys: { find, touch: async () => {} }, runtime })
  const middleware = authenticate({
    adminTokens: [ADMIN_TOKEN, PREVIOUS],
    keyRing: async () => keyRing,
    failures: {
      async limit({ key }) {
        const name = `${key} ${Math.floor(state.now / 60_000)}`
        const count = (failures.get(name) ?? 0) + 1
        failures.set(name, count)
        return { success: count <= LIMIT }
      },
    },
    now: runtime.now,
  })
  const api = tinyApi().get('/', middleware, (c) => c.text(c.var.caller.id))
  return {
    state,
    failures,
    async makeKey(id: string): Promise<string> {
      const key = await generateKey()
      stored.set(await sha256(key), {
        ...{
          id,
          name: 'a',
          prefix: key.slice(0, 11),
          scopes: ['links:read'],
          domains: null,
          expiresAt: null,
        },
        ...{ lastUsedAt: null, createdAt: new Date(state.now), createdBy: null, revokedAt: null },
      })
      return key
    },
    send: (authorization: string | null, address = '203.0.113.1') =>
      api.request('/', {
        headers: {
          'CF-Connecting-IP': address,
          ...(authorization === null ? {} : { Authorization: authorization }),
        },
      }),
  }
}

/** Without a checksum, so that it has to be looked up. */
const guess = (i: number): string => `Bearer lk_${String(i).padStart(40, '0')}`

describe('the admin token', () => {
  test.each([
    [undefined],
    ['Bearer'],
    ['Bearer wrong-token-wrong-token'],
    [`Basic ${ADMIN_TOKEN}`],
    [`Bearer ${ADMIN_TOKEN}x`],
    [`Bearer ${ADMIN_TOKEN.slice(0, -1)}`],
  ])('is asked for: %s is not enough', async (authorization) => {
    const response = await setUp().send(authorization ?? null)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'unauthorized' })
  })

  test('is accepted, and so is the one whose place it takes, in any spelling of Bearer', async () => {
    const { send } = setUp()
    for (const authorization of [`Bearer ${ADMIN_TOKEN}`, `bearer  ${PREVIOUS} `]) {
      expect(await (await send(authorization)).text()).toBe('admin')
    }
  })
})

describe('failed attempts', () => {
  test('do not count without a token, which any web page can send', async () => {
    const { send, makeKey, failures } = setUp()
    const key = await makeKey('7')
    for (const nothing of [null, '', 'Bearer', 'Basic YTpi', 'Bearer ü']) {
      for (let i = 0; i < 4; i++) expect((await send(nothing)).status).toBe(401)
    }
    expect(failures.size).toBe(0)
    expect(await (await send(`Bearer ${key}`)).text()).toBe('7')
  })

  test('leave alone a key that was good lately, however many fail beside it', async () => {
    const { send, makeKey, state } = setUp()
    const key = await makeKey('7')
    expect((await send(`Bearer ${key}`)).status).toBe(200)
    // What the isolate remembers of the key is outdated after 4 s.
    for (let i = 0; i < 45; i++, state.now += 100) await send(guess(i))
    expect((await send(guess(0))).status).toBe(429)
    expect((await send(`Bearer ${key}`)).status).toBe(200)
  })

  test('block their address for a minute, without further look-ups, and no other address', async () => {
    const { send, makeKey, state } = setUp()
    const key = await makeKey('7')
    for (let i = 0; i < LIMIT; i++) expect((await send(guess(i))).status).toBe(401)
    expect((await send(guess(98))).status).toBe(429)
    const { lookedUp } = state
    expect((await send(guess(99))).status).toBe(429)
    // An unknown key might be good, but so might be the next guess.
    expect((await send(`Bearer ${key}`)).status).toBe(429)
    expect(state.lookedUp).toBe(lookedUp)
    expect((await send(`Bearer ${ADMIN_TOKEN}`)).status).toBe(200)
    expect((await send(`Bearer ${key}`, '203.0.113.2')).status).toBe(200)
    state.now += 60_000
    expect((await send(guess(100))).status).toBe(401)
  })
})

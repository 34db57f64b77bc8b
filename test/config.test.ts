import { describe, expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { ConfigError } from '../src/errors.ts'

const complete = {
  UPSTASH_REDIS_REST_URL: 'https://eu1-fine-cat-1.upstash.io',
  UPSTASH_REDIS_REST_TOKEN: 'redis-token',
  DATABASE_URL: 'postgresql://owner:secret@ep-x.neon.tech/linkr?sslmode=require',
}

function problemsOf(env: Record<string, unknown>): string {
  try {
    parseConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
  }
  throw new Error('was accepted')
}

describe('config', () => {
  test('has a default for everything that is not a secret or an address', () => {
    expect(parseConfig(complete)).toMatchObject({
      redis: { keyPrefix: 'linkr:', timeoutMs: 300 },
      postgres: { fetchEndpoint: null },
      baseUrl: null,
      adminToken: null,
      apiHost: null,
      securityContact: null,
      subrequests: 50,
      hits: { commitWindowMs: 1000, maxCommitWindowMs: 4000 },
    })
  })

  test('never gathers hits for longer than the shorter window if that is longer than the other', () => {
    const { hits } = parseConfig({ ...complete, HIT_COMMIT_WINDOW_MS: '8000' })
    expect(hits).toEqual({ commitWindowMs: 8000, maxCommitWindowMs: 8000 })
  })

  test.each([
    ['10', '10'],
    ['10', '4500'],
    ['4500', '4500'],
    ['10000', '10000'],
  ])('takes windows of %s and %s ms', (HIT_COMMIT_WINDOW_MS, HIT_COMMIT_MAX_WINDOW_MS) => {
    const { hits } = parseConfig({ ...complete, HIT_COMMIT_WINDOW_MS, HIT_COMMIT_MAX_WINDOW_MS })
    const [commitWindowMs, maxCommitWindowMs] = [HIT_COMMIT_WINDOW_MS, HIT_COMMIT_MAX_WINDOW_MS].map(Number)
    expect(hits).toEqual({ commitWindowMs, maxCommitWindowMs })
  })

  test.each([10, 1_000, 10_000_000])('takes %i subrequests', (SUBREQUESTS) => {
    expect(parseConfig({ ...complete, SUBREQUESTS: String(SUBREQUESTS) }).subrequests).toBe(SUBREQUESTS)
  })

  test('takes hosts as a list', () => {
    const { domains } = parseConfig({ ...complete, DOMAINS: 'Go.example.com., example.org' })
    expect([...domains]).toEqual(['go.example.com', 'example.org'])
  })

  test.each([
    'http://127.0.0.1:8079',
    'http://localhost:8079',
    'http://[::1]:8079',
    'https://redis.example.com',
  ])('takes %s for a store', (address) => {
    const settings = { UPSTASH_REDIS_REST_URL: address, NEON_FETCH_ENDPOINT: address }
    expect(parseConfig({ ...complete, ...settings }).redis.url).toBe(address)
  })

  test('names every missing setting and its fix at once', () => {
    const message = problemsOf({})
    for (const name of Object.keys(complete))
      expect(message).toMatch(new RegExp(`^${name} is missing: \\S`, 'm'))
  })

  test.each([
    ['UPSTASH_REDIS_REST_URL', 'redis://127.0.0.1'],
    ['UPSTASH_REDIS_REST_URL', 'http://eu1-fine-cat-1.upstash.io'],
    ['UPSTASH_REDIS_REST_URL', 'http://127.0.0.1.example.com'],
    ['NEON_FETCH_ENDPOINT', 'http://db.example.com/sql'],
    ['UPSTASH_REDIS_REST_TOKEN', 'two words'],
    ['DATABASE_URL', 'mysql://root:secret@db/linkr'],
    ['DATABASE_URL', 'postgresql://no-password@host/linkr'],
    ['ADMIN_TOKEN', 'secret'],
    ['ADMIN_TOKEN_PREVIOUS', 'secret'],
    ['API_HOST', 'https://api.example.com'],
    ['API_HOST', 'a.example.com,b.example.com'],
    ['SECURITY_CONTACT', 'security@example.com'],
    ['SECURITY_CONTACT', 'https://example.com/\nExpires: 1'],
    ['DOMAINS', 'https://go.example.com'],
    ['DOMAINS', 'go.example.com:8443'],
    ['BASE_URL', 'https://go.example.com/path'],
    ['REDIS_TIMEOUT_MS', '0'],
    ['POSTGRES_TIMEOUT_MS', 'soon'],
    ['HIT_COMMIT_WINDOW_MS', 12],
    ['HIT_COMMIT_MAX_WINDOW_MS', '5000'],
    ['HIT_COMMIT_MAX_WINDOW_MS', '999'],
    ['HIT_COMMIT_MAX_WINDOW_MS', '4501'],
    ['SUBREQUESTS', '9'],
    ['SUBREQUESTS', '10000001'],
    ['SUBREQUESTS', 'many'],
    ['REDIS_KEY_PREFIX', 'a b'],
    ['NEON_FETCH_ENDPOINT', 'localhost'],
  ])('names a malformed %s without showing it', (name, value) => {
    const message = problemsOf({ ...complete, [name]: value })
    expect(message).toMatch(new RegExp(`^${name} is malformed: \\S`))
    expect(message).not.toContain(`${value}:`)
    expect(message).not.toContain('secret@')
  })
})

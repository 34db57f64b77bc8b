import { describe, expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { ConfigError } from '../src/errors.ts'

const complete = {
  UPSTASH_REDIS_REST_URL: 'https://eu1-fine-cat-1.upstash.io',
  UPSTASH_REDIS_REST_TOKEN: 'redis-token',
  DATABASE_URL: 'postgresql://owner:secret@ep-x.neon.tech/linkr?sslmode=require',
  ADMIN_TOKEN: '0123456789abcdef',
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
      hits: { commitWindowMs: 1000 },
    })
  })

  test('takes hosts as a list', () => {
    const { domains } = parseConfig({ ...complete, DOMAINS: 'Go.example.com, example.org' })
    expect([...domains]).toEqual(['go.example.com', 'example.org'])
  })

  test('names every missing setting and its fix at once', () => {
    const message = problemsOf({})
    for (const name of Object.keys(complete))
      expect(message).toMatch(new RegExp(`^${name} is missing: \\S`, 'm'))
  })

  test.each([
    ['UPSTASH_REDIS_REST_URL', 'redis://127.0.0.1'],
    ['UPSTASH_REDIS_REST_TOKEN', 'two words'],
    ['DATABASE_URL', 'mysql://root:secret@db/linkr'],
    ['DATABASE_URL', 'postgresql://no-password@host/linkr'],
    ['ADMIN_TOKEN', 'secret'],
    ['DOMAINS', 'https://go.example.com'],
    ['BASE_URL', 'https://go.example.com/path'],
    ['REDIS_TIMEOUT_MS', '0'],
    ['POSTGRES_TIMEOUT_MS', 'soon'],
    ['HIT_COMMIT_WINDOW_MS', 12],
    ['REDIS_KEY_PREFIX', 'a b'],
    ['NEON_FETCH_ENDPOINT', 'localhost'],
  ])('names a malformed %s without showing it', (name, value) => {
    const message = problemsOf({ ...complete, [name]: value })
    expect(message).toMatch(new RegExp(`^${name} is malformed: \\S`))
    expect(message).not.toContain(`${value}:`)
    expect(message).not.toContain('secret@')
  })
})

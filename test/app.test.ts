import { describe, expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { ConfigError } from '../src/errors.ts'
import { muteLog } from './interleavings/runs.ts'

muteLog()

/** Sends a request to an app whose services cannot be composed. */
const request = (path: string, method: string, error: Error = new ConfigError([])) =>
  createApp(() => {
    throw error
  }).request(path, { method })

describe('the app', () => {
  test.each([
    ['GET', '/health', 200],
    ['HEAD', '/health?x', 200],
    ['POST', '/health', 503],
    ['GET', '/health/', 503],
    ['GET', '/%68ealth', 503],
    ['GET', '/health/x', 503],
    ['GET', '/Health', 503],
  ])('%s %s on a Worker without settings gets %i: only /health needs none', async (method, path, status) => {
    expect((await request(path, method)).status).toBe(status)
  })

  test.each(['/api', '/api/links', '/robots.txt', '/.well-known/security.txt', '/a', '/', '//', '/%zz'])(
    'shows nothing of an unexpected error but its id: %s',
    async (path) => {
      const response = await request(path, 'GET', new Error('secret'))
      expect(response.status).toBe(500)
      expect(await response.text()).toMatch(
        /^Something went wrong\. If it goes on, report error [\da-f-]{36}\.\n$/,
      )
      expect(response.headers.get('cache-control')).toBe('no-store')
    },
  )

  test('says that it is not configured, not what is wrong', async () => {
    const problem = { name: 'DATABASE_URL', problem: 'is malformed', fix: 'set it' }
    const response = await request('/a', 'GET', new ConfigError([problem]))
    expect([response.status, await response.text()]).toEqual([503, 'This service is not configured yet.\n'])
  })
})

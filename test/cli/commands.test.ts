import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { problem, startFakeLinkr } from './support/fake-linkr.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const cli = (...argv: string[]) => runCli(argv, { env: linkr.env })

const LINK = {
  id: '7',
  domain: '*',
  code: 'promo',
  shortUrl: 'https://go.example/promo',
  url: 'https://acme.example/a/rather/long/destination/that/will/not/fit/a/terminal/of/a/hundred/columns',
  status: 302,
  enabled: true,
  expiresAt: null,
  forwardQuery: false,
  title: null,
  tags: ['a'],
  hits: 3,
  version: 5,
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:05.000Z',
}

/** Answers `METHOD /path` from a table. */
function answer(table: Readonly<Record<string, readonly [number, unknown?]>>): void {
  linkr.route = ({ method, path }) => table[`${method} ${path}`]
}

describe('linkr links', () => {
  test('list prints tab-separated lines in a pipe and a table on a terminal', async () => {
    answer({ 'GET /links': [200, { data: [LINK], nextCursor: 'abc' }] })
    const piped = await cli('links', 'list', '--tag', 'a', '--enabled', 'true', '-q', 'promo')
    expect(piped.stdout).toBe(`${LINK.shortUrl}\t${LINK.url}\t3\tactive\t2026-01-02\n`)
    expect(piped.stderr).toContain('--cursor abc')
    expect(Object.fromEntries(linkr.requests[0]?.query ?? [])).toEqual({
      tag: 'a',
      enabled: 'true',
      q: 'promo',
      sort: 'createdAt',
      order: 'desc',
      limit: '20',
    })
    const shown = await runCli(['links', 'list'], { env: linkr.env, tty: true })
    expect(shown.stdout).toContain('\x1b[1mSHORT URL')
    expect(shown.stdout).toContain('…')
    const plain = await runCli(['links', 'list'], { env: { ...linkr.env, NO_COLOR: '1' }, tty: true })
    expect(plain.stdout).not.toContain('\x1b')
  })

  test('control characters from the server never reach the terminal', async () => {
    answer({ 'GET /links': [200, { data: [{ ...LINK, url: 'https://x/\x1b[2J\n' }], nextCursor: null }] })
    expect((await cli('links', 'list')).stdout).not.toContain('\x1b')
  })

  test('create prints the short URL and can be sent twice without harm', async () => {
    answer({ 'POST /links': [201, LINK] })
    linkr.fault = () => (linkr.requests.length === 1 ? 'drop the answer' : undefined)
    const result = await cli(
      ...['links', 'create', 'https://acme.example/', '--code', 'promo', '--tag', 'a', '--tag', 'b'],
      ...[
        '--status',
        '301',
        '--expires',
        '2030-01-31',
        '--title',
        'T',
        '--forward-query',
        'true',
        '--enabled',
        'false',
      ],
    )
    expect(result).toMatchObject({ code: 0, stdout: `${LINK.shortUrl}\n` })
    expect(linkr.requests.map(({ key }) => key)).toEqual([expect.any(String), linkr.requests[0]?.key])
    expect(linkr.requests[1]?.body).toEqual({
      url: 'https://acme.example/',
      code: 'promo',
      status: 301,
      expiresAt: '2030-01-31T00:00:00.000Z',
      title: 'T',
      forwardQuery: true,
      enabled: false,
      tags: ['a', 'b'],
    })
  })

  test('get finds a link by code, id and short URL', async () => {
    answer({ 'GET /links/lookup': [200, LINK], 'GET /links/7': [200, LINK] })
    expect(JSON.parse((await cli('links', 'get', 'promo', '--json')).stdout)).toEqual(LINK)
    expect((await cli('links', 'get', 'id:7')).stdout).toContain('hits\t3\n')
    linkr.route = ({ path, query }) =>
      path === '/links/lookup' && query.get('domain') === '*'
        ? [200, LINK]
        : problem(404, 'link_not_found', 'There is no such link.')
    expect(await cli('links', 'get', LINK.shortUrl)).toMatchObject({ code: 0 })
    expect(linkr.requests.slice(-2).map(({ query }) => query.get('domain'))).toEqual(['go.example', '*'])
  })

  test('edit sends only what changes, with If-Match when asked to', async () => {
    answer({ 'GET /links/lookup': [200, LINK], 'PATCH /links/7': [200, LINK] })
    const { code } = await cli(
      'links',
      'edit',
      'promo',
      '--to',
      'https://new.example/',
      '--expires',
      'never',
      '--if-version',
      '5',
    )
    expect(code).toBe(0)
    expect(linkr.requests[1]).toMatchObject({ body: { url: 'https://new.example/', expiresAt: null } })
    expect(linkr.requests[1]?.headers['if-match']).toBe('"5"')
    expect((await cli('links', 'edit', 'promo')).code).toBe(2)
  })

  test('edit-all filters by what it does not set, and sets the same field by another name', async () => {
    answer({ 'PATCH /links': [200, { matched: 1, changed: 1, ids: [], more: false }] })
    const edit = ['links', 'edit-all', '--enabled', 'false', '--yes']
    expect((await cli(...edit, '--set-enabled', 'true', '--title', 'none')).stdout).toBe(
      '1 matched, 1 changed\n',
    )
    expect(linkr.requests[1]?.body).toEqual({
      filter: { enabled: false },
      changes: { enabled: true, title: null },
      dryRun: false,
    })
    expect((await cli(...edit)).code).toBe(2)
  })

  test('delete wants --yes without a terminal to ask at, and goes on while there are more', async () => {
    let left = 2500
    linkr.route = ({ method, path, body }) => {
      if (method !== 'DELETE' || path !== '/links') return undefined
      const matched = left
      const deleted = body.dryRun ? 0 : Math.min(1000, left)
      left -= deleted
      return [200, { matched, deleted, ids: [], more: left > 0 }]
    }
    const refused = await cli('links', 'delete', '--tag', 'old')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect((await cli('links', 'delete', '--tag', 'old', '--dry-run')).stdout).toBe('2500 would be deleted\n')
    expect((await cli('links', 'delete', '--tag', 'old', '--yes')).stdout).toBe('2500 deleted\n')
    expect(left).toBe(0)
    expect((await cli('links', 'delete', '--yes')).code).toBe(2)
  })
})

describe('linkr keys', () => {
  const KEY = {
    id: '1',
    name: 'ci',
    prefix: 'lk_abcd',
    scopes: ['links:read'],
    domains: null,
    expiresAt: null,
    lastUsedAt: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    revokedAt: null,
  }

  test('create prints the key alone, so that it can be piped', async () => {
    answer({ 'POST /keys': [201, { ...KEY, key: 'lk_secret' }] })
    const { stdout } = await cli('keys', 'create', 'ci', '--scope', 'links:write', '--domain', 'go.example')
    expect(stdout).toBe('lk_secret\n')
    expect(linkr.requests[0]?.body).toEqual({ name: 'ci', scopes: ['links:write'], domains: ['go.example'] })
    expect((await cli('keys', 'create', 'ci', '--scope', 'root')).code).toBe(2)
  })

  test('list and revoke', async () => {
    answer({ 'GET /keys': [200, { data: [KEY] }], 'DELETE /keys/1': [204] })
    expect((await cli('keys', 'list')).stdout).toMatch(/\tlk_abcd…\t.*\tnever\tnever\tactive\n$/)
    answer({
      'GET /keys': [200, { data: [{ ...KEY, expiresAt: '2020-01-31T00:00:00.000Z' }] }],
      'DELETE /keys/1': [204],
    })
    expect((await cli('keys', 'list')).stdout).toMatch(/\tnever\t2020-01-31T00:00:00.000Z\texpired\n$/)
    expect((await cli('keys', 'revoke', '1')).code).toBe(2)
    expect(await cli('keys', 'revoke', '1', '--yes')).toMatchObject({ code: 0 })
  })
})

test('linkr domains set keeps the settings that it does not name', async () => {
  const domain = {
    host: 'go.example',
    rootUrl: 'https://acme.example/',
    notFoundUrl: null,
    expiredUrl: null,
    defaultStatus: 302,
    robots: 'allow',
    respectsOptOut: true,
    geography: false,
  }
  answer({ 'GET /domains/go.example': [200, domain], 'PUT /domains/go.example': [200, domain] })
  await cli(
    'domains',
    'set',
    'go.example',
    '--robots',
    'disallow',
    '--not-found-url',
    'none',
    '--geography',
    'true',
  )
  const { host: _host, ...settings } = domain
  expect(linkr.requests[1]?.body).toEqual({ ...settings, robots: 'disallow', geography: true })
})

const HEALTH = {
  status: 'degraded',
  redis: { state: 'down', latencyMs: null, breaker: 'open' },
  postgres: { state: 'up', latencyMs: 12, breaker: 'closed' },
  syncLagMs: null,
  outbox: { depth: 3, oldestAgeMs: 100_000 },
  hits: { redis: null, isolate: { waitingLinks: 4, droppedHits: 0 } },
  advice: ['Switch something off.'],
}

test('linkr flush, warm, reconcile and health', async () => {
  answer({
    'POST /flush': [200, { hits: 5 }],
    'POST /warm': [200, { links: 1000, warmed: 998 }],
    'POST /reconcile': [200, { repaired: 0 }],
    'GET /health': [503, HEALTH],
  })
  expect((await cli('flush')).stdout).toBe('hits\t5\n')
  expect(JSON.parse((await cli('warm', '--count', '1500', '--json')).stdout)).toEqual({
    links: 2000,
    warmed: 1996,
  })
  expect((await cli('reconcile', '--full')).code).toBe(0)
  expect(await cli('health')).toMatchObject({
    code: 1,
    stdout: [
      'status\tdegraded',
      'Redis\tdown, no answer; its breaker is open',
      'Postgres\tup, answered in 12 ms',
      'edits that Redis waits for\t3, the oldest for 2 min',
      'hits that Postgres waits for\tunknown: Redis did not tell',
      'hits in the memory of the isolate that answered\tof 4 links',
      'links in its memory\tnot in use: it asks Redis first',
      'advice\tSwitch something off.',
      '',
    ].join('\n'),
  })
  expect(JSON.parse((await cli('health', '--json')).stdout)).toEqual(HEALTH)
  expect(linkr.requests.map(({ body }) => body)).toEqual([
    undefined,
    { count: 1000, offset: 0 },
    { count: 500, offset: 1000 },
    { full: true },
    undefined,
    undefined,
  ])
})

test('linkr reconcile --full goes on until every link has been seen', async () => {
  const reports = [
    { drained: 1, checked: 800, repaired: 2, released: 0, complete: false },
    { drained: 0, checked: 700, repaired: 1, released: 1, complete: true },
  ]
  linkr.route = ({ path }) => (path === '/reconcile' ? [200, reports.shift()] : undefined)
  expect(JSON.parse((await cli('reconcile', '--full', '--json')).stdout)).toEqual({
    ...{ drained: 1, checked: 1500, repaired: 3, released: 1, complete: true },
  })
})

describe('exit codes and messages', () => {
  test('2 for wrong usage, 0 for help', async () => {
    for (const argv of [
      [],
      ['nonsense'],
      ['import'],
      ['links', 'list', '--limit', '0'],
      ['export', '--format', 'xml'],
    ]) {
      expect((await cli(...argv)).code).toBe(2)
    }
    expect((await cli('--help')).code).toBe(0)
    expect((await cli('links', 'create', '--help')).stdout).toContain('--expires')
  })

  test('1 with the field problems of a refusal, also as JSON', async () => {
    const errors = [{ path: 'url', message: 'must not be empty' }]
    linkr.route = () => [422, { status: 422, code: 'invalid_request', detail: 'See errors.', errors }]
    const shown = await cli('links', 'create', '')
    expect([shown.code, shown.stderr]).toEqual([1, 'error: See errors.\n  url: must not be empty\n'])
    const json = await cli('links', 'create', '', '--json')
    expect(JSON.parse(json.stderr).error).toMatchObject({ status: 422, code: 'invalid_request', errors })
  })

  test('a server that is none of ours, redirects, or is not there', async () => {
    linkr.fault = () => ({ status: 200, body: '<html>' })
    expect((await cli('links', 'list')).stderr).toMatch(/not as linkr's API does/)
    linkr.fault = () => ({ status: 301, location: 'https://go.example/api/links' })
    expect((await cli('links', 'list')).stderr).toMatch(/redirects to https:\/\/go\.example/)
    linkr.fault = () => ({ status: 418, body: 'I am a teapot' })
    expect((await cli('links', 'list')).stderr).toMatch(/status 418: I am a teapot/)
    const unreachable = await runCli(['links', 'list', '--url', 'http://127.0.0.1:9', '--token', 'x'])
    expect([unreachable.code, unreachable.stderr]).toEqual([
      1,
      expect.stringContaining('No response from http://127.0.0.1:9'),
    ])
  })

  test('a host name that is none is called so, before a server is asked', async () => {
    for (const argv of [
      ['domains', 'get', 'https://go.example'],
      ['domains', 'set', 'go_example', '--robots', 'allow'],
      ['links', 'list', '--domain', 'go.example:8443'],
      ['links', 'create', 'https://x.example/', '--domain', 'go example'],
      ['keys', 'create', 'ci', '--domain', '-'],
    ]) {
      const { code, stderr } = await cli(...argv)
      expect([code, stderr]).toEqual([2, expect.stringContaining('must be a host name like go.example.com')])
    }
    expect(linkr.requests).toEqual([])
  })

  test('a missing or malformed setting', async () => {
    expect((await runCli(['links', 'list', '--url', 'https://go.example'])).stderr).toMatch(/LINKR_TOKEN/)
    expect((await runCli(['links', 'list', '--url', 'go.example'])).stderr).toMatch(/LINKR_URL/)
  })
})

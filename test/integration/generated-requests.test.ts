import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Contract, createContract } from '../support/contract.ts'
import { ADMIN_TOKEN, type Edge, startEdge } from '../support/edge.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge
let contract: Contract
let ids: readonly string[]

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores, { DOMAINS: 'go.example.com' })
  contract = createContract((await (await edge.get('/api/openapi.json')).json()) as object)
  const made = Array.from({ length: 5 }, (_, i) =>
    edge.create({ url: 'https://example.com/', code: `seed-${i}` }),
  )
  ids = (await Promise.all(made)).map(({ id }) => id)
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

/** Text at its bounds and past them: empty, long, with controls, lone surrogates, quotes and wildcards. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '',
    ' ',
    '*',
    '%',
    '_',
    '\\',
    "'",
    '"',
    '{}',
    '{"a"}',
    '\0',
    '\ud800',
    '__proto__',
    'null',
    '1e999',
  ),
  fc.constantFrom(64, 65, 128, 129, 256, 257, 4096, 4097).map((length) => 'a'.repeat(length)),
)
const anything = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.object({ maxDepth: 2, maxKeys: 3 }),
)
const or = <T>(valid: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: valid }, anything)

const time = fc
  .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())
const times = fc.oneof(
  time,
  fc.constantFrom(
    '2999-01-01T00:00:00+23:59',
    '9999-12-31T23:59:59.999999999Z',
    '0000-01-01T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-06-30T23:59:60Z',
  ),
)
const domain = fc.constantFrom('*', 'go.example.com', 'GO.example.com', 'other.example.com')
const code = fc.oneof(
  fc.constantFrom('seed-0', 'seed-1', 'a/b', 'api', 'a'.repeat(128)),
  fc.stringMatching(/^[a-z0-9]{1,6}$/),
)
const fields = {
  url: or(
    fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.constant('https://example.com/'),
    ),
  ),
  status: or(fc.constantFrom(301, 302, 307, 308)),
  enabled: or(fc.boolean()),
  expiresAt: or(fc.option(times)),
  forwardQuery: or(fc.boolean()),
  title: or(fc.option(text)),
  tags: or(fc.array(text, { maxLength: 52 })),
}
const edit = fc.record(fields, { requiredKeys: [] })
const create = fc.record({ ...fields, code: or(code), domain: or(domain) }, { requiredKeys: ['url'] })
const imported = fc.record(
  { ...fields, code: or(code), domain: or(domain), createdAt: or(times), hits: or(fc.maxSafeNat()) },
  { requiredKeys: ['url'] },
)
const filter = fc.record(
  {
    domain: or(domain),
    code: or(code),
    tag: or(text),
    q: or(text),
    enabled: or(fc.boolean()),
    expired: or(fc.boolean()),
  },
  { requiredKeys: [] },
)
const many = (item: fc.Arbitrary<unknown>) => or(fc.array(or(item), { maxLength: 6 }))
const chosen = fc.oneof(
  fc.record({ ids: many(fc.constantFrom('1', '2', '999999999999999999')) }),
  fc.record({ filter: or(filter) }),
)
const key = fc.record(
  {
    name: or(text),
    scopes: or(fc.array(fc.constantFrom('links:read', 'links:write', 'admin'))),
    expiresAt: or(fc.option(times)),
    domains: or(fc.option(fc.array(or(domain)))),
  },
  { requiredKeys: ['name', 'scopes'] },
)
const settings = fc.record(
  {
    rootUrl: fields.url,
    notFoundUrl: fields.url,
    expiredUrl: fields.url,
    defaultStatus: fields.status,
    robots: or(fc.constant('allow')),
  },
  { requiredKeys: [] },
)
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'limit',
        'cursor',
        'domain',
        'code',
        'tag',
        'q',
        'enabled',
        'expired',
        'sort',
        'order',
        '__proto__',
      ),
      fc.oneof(text, fc.constantFrom('1', '100', 'true', 'false', 'hits', 'updatedAt', 'asc', 'abc')),
    ),
    { maxLength: 4 },
  )
  .map((pairs) =>
    pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&'),
  )
const cursor = fc
  .tuple(
    fc.string(),
    fc.oneof(text, times, fc.maxSafeNat().map(String)),
    fc.oneof(text, fc.maxSafeNat().map(String)),
  )
  .map((parts) => btoa(unescape(encodeURIComponent(JSON.stringify(parts).toWellFormed()))))
const segment = fc
  .oneof(text, fc.constantFrom('..', '1', '*', 'lookup'))
  .map((part) => encodeURIComponent(part.toWellFormed()))

interface Request {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}
const requests = (
  method: string,
  path: string,
  body: fc.Arbitrary<unknown>,
): [string, fc.Arbitrary<Request>] => [
  `${method} ${path}`,
  fc.record({ method: fc.constant(method), path: fc.constant(path), body: or(body) }),
]

const ENDPOINTS: readonly [string, fc.Arbitrary<Request>][] = [
  requests('POST', '/links', create),
  requests('PUT', '/links', create),
  requests('PATCH', '/links/{id}', edit),
  requests(
    'POST',
    '/links/bulk',
    fc.record({ mode: or(fc.constantFrom('create', 'upsert')), links: many(create) }),
  ),
  requests(
    'POST',
    '/links/import',
    fc.record({
      onConflict: or(fc.constantFrom('skip', 'overwrite', 'restore', 'rename', 'fail')),
      dryRun: or(fc.boolean()),
      links: many(imported),
    }),
  ),
  requests(
    'PATCH',
    '/links',
    fc
      .tuple(chosen, or(edit), fc.boolean())
      .map(([which, changes, dryRun]) => ({ ...which, changes, dryRun })),
  ),
  requests(
    'DELETE',
    '/links',
    chosen.map((which) => ({ ...which, dryRun: true })),
  ),
  requests('POST', '/keys', key),
  requests('PUT', '/domains/go.example.com', settings),
  requests('PUT', '/domains/*', settings),
  requests('POST', '/warm', fc.record({ count: or(fc.nat()), offset: or(fc.nat()) })),
  requests('POST', '/reconcile', fc.record({ full: anything })),
  ['GET /links', query.map((search) => ({ method: 'GET', path: `/links?${search}` }))],
  [
    'GET /links with a made-up cursor',
    cursor.map((made) => ({ method: 'GET', path: `/links?cursor=${encodeURIComponent(made)}` })),
  ],
  ['GET /links/lookup', query.map((search) => ({ method: 'GET', path: `/links/lookup?${search}` }))],
  ...['/links', '/keys', '/domains'].map((base): [string, fc.Arbitrary<Request>] => [
    `anything at ${base}/...`,
    fc.record({
      method: fc.constantFrom('GET', 'DELETE', 'PATCH', 'POST', 'PUT'),
      path: segment.map((part) => `${base}/${part}`),
      body: or(edit),
    }),
  ]),
]

const isFromRoute = (status: number): boolean => status !== 404 && status !== 405

describe('whatever is sent', () => {
  test.each(ENDPOINTS)('to %s is answered as described, and never with a 5xx', async (_, arbitrary) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async ({ method, path, body }) => {
        const target = path.replace('{id}', ids[0] ?? '1')
        const response = await edge.get(`/api${target}`, {
          method,
          headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
          ...(body === undefined || method === 'GET' ? {} : { body: JSON.stringify(body) }),
        })
        expect(response.status).toBeLessThan(500)
        if (isFromRoute(response.status)) expect(await contract(method, target, response)).toBeNull()
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 60) },
    )
  })

  test('in the headers of a request is answered without a 5xx', async () => {
    const header = fc.string({ unit: fc.constantFrom(...'abc019 "*/W,-\\%\t'), maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(header, header, async (ifMatch, key) => {
        const headers = { 'If-Match': ifMatch, 'Idempotency-Key': key }
        const body = { url: 'https://example.com/' }
        for (const [method, path] of [
          ['PATCH', `/links/${ids[1]}`],
          ['POST', '/links'],
        ] as const) {
          expect((await edge.api(method, path, body, headers)).status).toBeLessThan(500)
        }
      }),
      { numRuns: 40 },
    )
  })
})

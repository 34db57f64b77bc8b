/**
 * @module
 * Requests to every route, right and wrong.
 */
import fc from 'fast-check'
import { DIMENSION_NAMES } from '../../../src/visits/visit.ts'
import { misencoded, spoiled } from './spoil.ts'
import { anything, bodies, or, text, times } from './values.ts'

export interface GeneratedRequest {
  readonly method: string
  /** From the origin on; `{link}`, `{key}` and `{cursor}` stand for those that the test has made. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** `broken`: half of the body arrives, and then nothing. */
  readonly transport: 'plain' | 'chunked' | 'broken'
}

/** In the path of a header or of a URL everything is a byte. */
const headerText = fc.string({ unit: fc.constantFrom(...'abc019 "*/W,-\\%\t:;=.'), maxLength: 20 })
const headers = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  fc.dictionary(
    fc.constantFrom(
      'If-Match',
      'Idempotency-Key',
      'Content-Type',
      'CF-Connecting-IP',
      'Accept',
      'Sec-Purpose',
      'Range',
    ),
    headerText.map((value) => value.trim()),
    { maxKeys: 3 },
  ),
)

const MAY_BE_LARGE = /^\/(?:links\/bulk|(?:links|visits)\/import)$/

/** Requests with a body: most are as the route wants them, the rest wrong in one way each. */
function write(method: string, path: string, valid: fc.Arbitrary<unknown>): fc.Arbitrary<GeneratedRequest> {
  const json = or(valid).map((body) => JSON.stringify(body) ?? '')
  const body = fc.oneof(
    { weight: 14, arbitrary: json },
    { weight: 8, arbitrary: spoiled(valid, MAY_BE_LARGE.test(path)) },
    { weight: 2, arbitrary: misencoded(valid) },
  )
  const transport = fc.oneof(
    { weight: 16, arbitrary: fc.constant('plain' as const) },
    { weight: 2, arbitrary: fc.constant('chunked' as const) },
    { weight: 1, arbitrary: fc.constant('broken' as const) },
  )
  return fc.record({
    method: fc.constant(method),
    path: fc.constant(`/api${path}`),
    headers,
    body,
    transport,
  })
}

/** Requests without a body, or with one that should not be there. */
function read(method: string, path: fc.Arbitrary<string>): fc.Arbitrary<GeneratedRequest> {
  const bare = fc.record({
    method: fc.constant(method),
    path,
    headers,
    transport: fc.constant('plain' as const),
  })
  const withBody = fc.record({
    method: method === 'GET' ? fc.constantFrom('GET', 'HEAD') : fc.constant(method),
    path,
    headers,
    body: anything.map((body) => JSON.stringify(body) ?? ''),
    transport: fc.constantFrom('chunked' as const, 'broken' as const),
  })
  return fc.oneof({ weight: 6, arbitrary: bare }, withBody)
}

const at = (path: string): fc.Arbitrary<string> => fc.constant(`/api${path}`)
const encoded = (part: string): string => encodeURIComponent(part.toWellFormed())
const segment = fc.oneof(
  fc.oneof(text, fc.constantFrom('..', '1', '*', 'lookup', 'go.example.com')).map(encoded),
  fc.constantFrom('%', '%ff', '%00', '%ed%a0%80', '%2e%2e', 'a%2Fb'),
)
const PARAMETERS = ['limit', 'domain', 'code', 'tag', 'q', 'enabled', 'expired', 'sort', 'order', '__proto__']
const value = fc.oneof(
  fc
    .oneof(text, fc.constantFrom('1', '100', 'true', 'false', 'hits', 'updatedAt', 'asc', 'abc', '*'))
    .map(encoded),
  fc.constantFrom('%00', '%ff', '%ed%a0%80', '%'),
)
const query = fc
  .array(fc.tuple(fc.constantFrom(...PARAMETERS), value), { maxLength: 4 })
  .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))

/** One that was given out, rewritten: other values under the old signature, cut, turned round, or made up. */
const cursor = fc.oneof(
  fc.constant('{cursor}'),
  fc
    .tuple(
      fc.constantFrom('{cursor.payload}', ''),
      fc.oneof(text, times, fc.maxSafeNat().map(String)),
      fc.nat(2),
    )
    .map(
      ([original, instead, place]) => `{rewritten:${place}:${encoded(instead)}}${original === '' ? '.' : ''}`,
    ),
  fc.nat(150).map((length) => `{cut:${length}}`),
  fc.base64String().map(encoded),
)

const STATS_PARAMETERS = [
  'from',
  'to',
  'timezone',
  'interval',
  'link',
  'tag',
  'domain',
  'bot',
  'groupBy',
  'limit',
  'before',
  'cursor',
]
const statsValue = fc.oneof(
  value,
  times.map(encoded),
  fc.constantFrom('2026-03-29', '2026-02-30', '0000-01-01', '9999-12-31', '1970-01-01', '275760-09-13'),
  fc.constantFrom(
    'Europe/Berlin',
    'Asia/Kolkata',
    'Mars/Phobos',
    'UTC',
    '+05:30',
    '..%2F..%2Fetc%2Fpasswd',
    '-00:00',
  ),
  fc.constantFrom('hour', 'day', 'week', 'month', 'country', 'asn', '*', '1', '{link}', 'DE'),
)
const statsQuery = fc
  .array(fc.tuple(fc.constantFrom(...STATS_PARAMETERS, ...DIMENSION_NAMES), statsValue), { maxLength: 5 })
  .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'))

// biome-ignore format: a table
export const ENDPOINTS: readonly (readonly [string, fc.Arbitrary<GeneratedRequest>])[] = [
  ['post /links', write('POST', '/links', bodies.create)],
  ['put /links', write('PUT', '/links', bodies.create)],
  ['patch /links/{id}', write('PATCH', '/links/{link}', bodies.edit)],
  ['post /links/bulk', write('POST', '/links/bulk', bodies.bulk)],
  ['post /links/import', write('POST', '/links/import', bodies.import)],
  ['patch /links', write('PATCH', '/links', bodies.bulkEdit)],
  ['delete /links', write('DELETE', '/links', bodies.bulkDelete)],
  ['post /keys', write('POST', '/keys', bodies.key)],
  ['post /keys/{id}/rotate', write('POST', '/keys/{key}/rotate', bodies.rotate)],
  ['put /domains/{host}', fc.oneof(write('PUT', '/domains/go.example.com', bodies.settings), write('PUT', '/domains/*', bodies.settings))],
  ['post /warm', write('POST', '/warm', bodies.warm)],
  ['post /reconcile', write('POST', '/reconcile', bodies.reconcile)],
  ['post /flush', write('POST', '/flush', anything)],
  ['get /links', read('GET', query.map((search) => `/api/links?${search}`))],
  ['get /links with a cursor', read('GET', fc.tuple(cursor, fc.constantFrom('', '&sort=hits', '&order=asc', '&tag=a')).map(([made, rest]) => `/api/links?limit=1&cursor=${made}${rest}`))],
  ['get /links/lookup', read('GET', query.map((search) => `/api/links/lookup?${search}`))],
  ['get /links/{id}', read('GET', fc.oneof(at('/links/{link}'), segment.map((part) => `/api/links/${part}`)))],
  ['delete /links/{id}', read('DELETE', segment.map((part) => `/api/links/${part}`))],
  ['get /keys', read('GET', at('/keys'))],
  ['delete /keys/{id}', read('DELETE', segment.map((part) => `/api/keys/${part}`))],
  ['get /domains', read('GET', at('/domains'))],
  ['get /domains/{host}', read('GET', segment.map((part) => `/api/domains/${part}`))],
  ['delete /domains/{host}', read('DELETE', segment.map((part) => `/api/domains/${part}`))],
  ['get /stats', read('GET', statsQuery.map((search) => `/api/stats?${search}`))],
  ['get /stats/misses', read('GET', statsQuery.map((search) => `/api/stats/misses?${search}`))],
  ['get /links/{id}/stats', read('GET', statsQuery.map((search) => `/api/links/{link}/stats?${search}`))],
  ['delete /links/{id}/stats', read('DELETE', statsQuery.map((search) => `/api/links/{link}/stats?${search}`))],
  ['get /visits', read('GET', statsQuery.map((search) => `/api/visits?${search}`))],
  ['post /visits/import', write('POST', '/visits/import', bodies.importVisits)],
  ['get /health', read('GET', at('/health'))],
  ['the reference', read('GET', fc.constantFrom('/api/docs', '/api/openapi.json', '/api', '/api/'))],
  ['what is no route', fc.tuple(fc.constantFrom('GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'), fc.constantFrom('/links', '/keys', '/domains', ''), segment, bodies.edit)
    .chain(([method, base, part, body]) => method === 'GET' ? read(method, at(`${base}/${part}`)) : write(method, `${base}/${part}`, fc.constant(body)))],
  ['a redirect', fc.oneof(
    read('GET', fc.oneof(segment.map((part) => `/${part}`), fc.tuple(segment, query).map(([part, search]) => `/${part}?${search}`))),
    read('GET', fc.constantFrom('/', '/seed-0', '/seed-1?a=1', '/health', '/robots.txt', '/.well-known/security.txt', '/favicon.ico', '//', '/a//b')),
    read('POST', fc.constantFrom('/', '/seed-0', '/health')),
  )],
]

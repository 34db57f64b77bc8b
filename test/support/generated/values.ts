/**
 * @module
 * What requests are made of: mostly valid values, at their bounds and past them.
 */
import fc from 'fast-check'
import { DIMENSION_NAMES } from '../../../src/visits/visit.ts'

/** Empty, long, with controls, lone surrogates, quotes and wildcards. */
export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', ' ', '*', '%', '_', '\\', "'", '"', '{}', '{"a"}', '\0', '\ud800'),
  fc.constantFrom('__proto__', 'null', '1e999', 'constructor', '\u202e', '\ufeff'),
  fc.constantFrom(64, 65, 128, 129, 256, 257, 4096, 4097).map((length) => 'a'.repeat(length)),
)

export const anything = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.object({ maxDepth: 2, maxKeys: 3 }),
)

/** Mostly what is valid. */
export const or = <T>(valid: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: valid }, anything)

const time = fc
  .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())
export const times = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('2999-01-01T00:00:00Z', '2100-06-30T12:00:00+02:00') },
  time,
  fc.constantFrom('2999-01-01T00:00:00+23:59', '9999-12-31T23:59:59.999999999Z', '0000-01-01T00:00:00Z'),
  fc.constantFrom('2030-01-01T24:00:00Z', '2030-06-30T23:59:60Z', '2030-02-30T00:00:00Z'),
)

const label = fc.oneof({ weight: 8, arbitrary: fc.stringMatching(/^[a-zA-Z0-9 é]{0,12}[a-z]$/) }, text)

export const domain = fc.constantFrom('*', 'go.example.com', 'GO.example.com.', 'other.example.com')
export const code = fc.oneof(
  fc.constantFrom('seed-0', 'seed-1', 'a/b', 'api', 'a'.repeat(128)),
  fc.stringMatching(/^[a-z0-9]{1,6}$/),
)
const url = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.constantFrom('https://example.com/', 'https://go.example.com./a', 'http://127.0.0.1/b'),
)

export const fields = {
  url: or(url),
  status: or(fc.constantFrom(301, 302, 307, 308)),
  enabled: or(fc.boolean()),
  expiresAt: or(fc.option(times)),
  forwardQuery: or(fc.boolean()),
  title: or(fc.option(label)),
  tags: or(
    fc.oneof({ weight: 4, arbitrary: fc.array(label, { maxLength: 3 }) }, fc.array(text, { maxLength: 52 })),
  ),
}

const labels = or(fc.array(label, { maxLength: 3 }))
const edit = fc.record(fields, { requiredKeys: [] })
const moved = { domain: or(domain), keepOldCode: or(fc.boolean()), addTags: labels, removeTags: labels }
const move = fc.record({ ...moved, code: or(code) }, { requiredKeys: [] })
const moveMany = fc.record(moved, { requiredKeys: [] })
const create = fc.record({ ...fields, code: or(code), domain: or(domain) }, { requiredKeys: ['url'] })
const imported = fc.record(
  {
    ...fields,
    code: or(code),
    domain: or(domain),
    createdAt: or(fc.oneof(fc.constant('2020-01-01T00:00:00Z'), times)),
    hits: or(fc.oneof(fc.nat(1_000), fc.maxSafeNat())),
  },
  { requiredKeys: ['url'] },
)
const filter = fc.record(
  {
    domain: or(domain),
    code: or(code),
    tag: or(label),
    q: or(label),
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

const visitOfDay = fc.record(
  {
    at: or(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom('2024-02-29T12:34:56Z', '2024-02-29T23:59:59.9Z') },
        times,
      ),
    ),
    hits: or(fc.oneof(fc.nat(5), fc.constantFrom(999_999_999, 1e15))),
    bot: or(fc.boolean()),
    ...Object.fromEntries(
      DIMENSION_NAMES.map((name) => [name, or(fc.constantFrom('DE', 'mobile', '1', '*', ''))]),
    ),
    country: or(fc.constantFrom('DE', 'XX', '*')),
    device: or(fc.constantFrom('mobile', '*')),
  },
  { requiredKeys: ['at'] },
)
const day = fc.record(
  {
    domain: or(domain),
    code: or(code),
    day: or(fc.constantFrom('2024-02-29', '2024-02-29', '2024-02-30', '1999-12-31', '2999-01-01')),
    visits: many(visitOfDay),
  },
  { requiredKeys: ['domain', 'code', 'day', 'visits'] },
)

/** The bodies of requests, by what they are for. */
export const bodies = {
  edit: fc.oneof(edit, move),
  create,
  bulk: fc.record({ mode: or(fc.constantFrom('create', 'upsert')), links: many(create) }),
  import: fc.record({
    onConflict: or(fc.constantFrom('skip', 'overwrite', 'restore', 'rename', 'fail')),
    dryRun: or(fc.boolean()),
    links: many(imported),
  }),
  importVisits: fc.record({
    source: or(fc.constantFrom('shlink', 'a')),
    dryRun: or(fc.boolean()),
    days: many(day),
  }),
  bulkEdit: fc
    .tuple(chosen, or(fc.oneof(edit, moveMany)), fc.boolean())
    .map(([which, changes, dryRun]) => ({ ...which, changes, dryRun })),
  bulkDelete: chosen.map((which) => ({ ...which, dryRun: true })),
  key: fc.record(
    {
      name: or(label),
      scopes: or(fc.array(fc.constantFrom('links:read', 'links:write', 'stats:read', 'admin'))),
      expiresAt: or(fc.option(times)),
      domains: or(fc.option(fc.array(or(domain)))),
    },
    { requiredKeys: ['name', 'scopes'] },
  ),
  rotate: fc.record({ overlapSeconds: or(fc.nat(700_000)) }, { requiredKeys: [] }),
  settings: fc.record(
    {
      rootUrl: fields.url,
      notFoundUrl: fields.url,
      expiredUrl: fields.url,
      defaultStatus: fields.status,
      robots: or(fc.constant('allow')),
    },
    { requiredKeys: [] },
  ),
  warm: fc.record({ count: or(fc.integer({ min: 1, max: 1_100 })), offset: or(fc.nat()) }),
  reconcile: fc.record({ full: or(fc.boolean()) }, { requiredKeys: [] }),
} satisfies Readonly<Record<string, fc.Arbitrary<unknown>>>

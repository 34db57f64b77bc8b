import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeTags, decodeText, encodeTags, encodeText } from '../../src/cli/export/csv-cells.ts'
import { type FakeLink, startFakeLinkr } from './support/fake-linkr.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
const folder = mkdtempSync(join(tmpdir(), 'linkr-round-trip-'))
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

/** As linkr stores it: well-formed, trimmed, without control characters. Rich in what CSV and spreadsheets trip over. */
const printable = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...`=+-@'"|\\,;\t\r\n ab0\u2028`), maxLength: 12 }),
  )
  .map((text) =>
    text
      .toWellFormed()
      .replaceAll(/\p{Cc}/gu, '')
      .trim(),
  )

const date = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
  .map((value) => value.toISOString())

const link: fc.Arbitrary<FakeLink> = fc.record({
  id: fc.bigInt({ min: 1n, max: 10n ** 15n }).map(String),
  domain: fc.constantFrom('*', 'go.example', 'a.b.example'),
  code: fc.stringMatching(/^[\w~-][\w.~-]{0,12}$/),
  url: fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => new URL(url).href),
  title: fc.option(printable),
  tags: fc.uniqueArray(
    printable.filter((tag) => tag !== ''),
    { maxLength: 5 },
  ),
  status: fc.constantFrom(301, 302, 307, 308),
  enabled: fc.boolean(),
  forwardQuery: fc.boolean(),
  expiresAt: fc.option(date),
  hits: fc.nat(),
  version: fc.nat(),
  createdAt: date,
  updatedAt: date,
  shortUrl: fc.constant('https://go.example/x'),
})

const keyOf = ({ domain, code }: FakeLink): string => `${domain}/${code}`

/** What two deployments can agree on. */
function comparable({
  id: _id,
  version: _version,
  updatedAt: _at,
  shortUrl: _url,
  ...fields
}: FakeLink): object {
  return fields
}

describe('an export', () => {
  test.each(['csv', 'jsonl', 'json'])('as %s imports back to equal links', async (format) => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(link, { selector: keyOf, minLength: 1, maxLength: 30 }),
        async (links) => {
          linkr.reset()
          for (const each of links) linkr.links.set(keyOf(each), each)
          const file = join(folder, `links.${format}`)
          expect(await runCli(['export', '-o', file], { env: linkr.env })).toMatchObject({ code: 0 })
          linkr.links.clear()
          const { code, stderr } = await runCli(['import', file, '--restart'], { env: linkr.env })
          expect([code, stderr]).toEqual([0, expect.any(String)])
          expect([...linkr.links.values()].map(comparable)).toEqual(links.map(comparable))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('pages through everything, with smaller pages where large ones are not allowed', async () => {
    linkr.reset()
    const [sample] = fc.sample(link, 1)
    for (let i = 0; i < 250; i++)
      linkr.links.set(`*/${i}`, { ...(sample as FakeLink), domain: '*', code: String(i) })
    linkr.fault = ({ query }) => (Number(query.get('limit')) > 100 ? { status: 422 } : undefined)
    const { stdout } = await runCli(['export', '--format', 'jsonl', '--tag', 'a', '--tag', 'b'], {
      env: linkr.env,
    })
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).code),
    ).toEqual([...Array(250).keys()].map(String))
    expect(linkr.requests.at(-1)?.query.getAll('tag')).toEqual(['a', 'b'])
  })

  test('that fails half-way leaves no file that looks whole', async () => {
    linkr.reset()
    const [sample] = fc.sample(link, 1)
    for (let i = 0; i < 1500; i++) linkr.links.set(`*/${i}`, sample as FakeLink)
    linkr.fault = ({ query }) => (query.has('cursor') ? { status: 401 } : undefined)
    const file = join(folder, 'half.csv')
    const { code } = await runCli(['export', '-o', file], { env: linkr.env })
    const { existsSync } = await import('node:fs')
    expect([code, existsSync(file), existsSync(`${file}.part`)]).toEqual([1, false, false])
  })
})

describe('CSV cells', () => {
  test('decode to the same text', () => {
    fc.assert(
      fc.property(fc.option(fc.string({ unit: 'binary' })), (text) => decodeText(encodeText(text)) === text),
    )
  })

  test('decode to the same tags', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...`|\\'=ab`), minLength: 1 })), (tags) => {
        expect(decodeTags(encodeTags(tags))).toEqual(tags)
      }),
    )
  })

  test('never look like a formula', () => {
    fc.assert(fc.property(fc.string(), (text) => !/^[=+\-@\t\r]/.test(encodeText(text))))
  })
})

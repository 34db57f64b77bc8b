import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { problem, startFakeLinkr } from './support/fake-linkr.ts'
import { importText } from './support/import-text.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const from = (name: string, content: string | Uint8Array, ...options: string[]) =>
  importText(linkr, name, content, ...options)

describe('import recognises', () => {
  test("Bitly's CSV, with and without a scheme", async () => {
    const { code, report, link } = await from(
      'bitly.csv',
      'Bitlink,Title,Long URL,Tags,Created,Total Clicks\n' +
        'bit.ly/3abcXyz,"Spring, sale",https://acme.example/spring,"promo, season",2021-05-14T13:51:07+0000,"1,234"\n' +
        'https://bit.ly/plain,,https://acme.example/,,2020-01-02,\n',
    )
    expect([code, report.format, report.created]).toEqual([0, 'bitly', 2])
    expect(link('3abcXyz')).toMatchObject({
      url: 'https://acme.example/spring',
      title: 'Spring, sale',
      tags: ['promo', 'season'],
      createdAt: '2021-05-14T13:51:07.000Z',
      hits: 1234,
    })
    expect(link('plain')).toMatchObject({
      title: null,
      tags: [],
      createdAt: '2020-01-02T00:00:00.000Z',
      hits: 0,
    })
  })

  test("a custom back-half of Bitly's rather than the drawn one", async () => {
    const { link } = await from(
      'b.csv',
      'Bitlink,Custom Bitlink,Long URL\nbit.ly/3x,brand.example/sale,https://acme.example/\n',
    )
    expect(link('sale').url).toBe('https://acme.example/')
  })

  test("YOURLS's table, as comma, semicolon or tab separated", async () => {
    for (const [i, delimiter] of [',', ';', '\t'].entries()) {
      const cells = ['keyword', 'url', 'title', 'timestamp', 'ip', 'clicks']
      const row = [`k${i}`, 'https://acme.example/?a=1', 'Title', '2013-02-03 04:05:06', '127.0.0.1', '42']
      const { report, link } = await from('yourls.csv', `${cells.join(delimiter)}\n${row.join(delimiter)}\n`)
      expect(report.format).toBe('yourls')
      expect(link(`k${i}`)).toMatchObject({ hits: 42, title: 'Title', createdAt: '2013-02-03T04:05:06.000Z' })
    }
  })

  test("Shlink's CSV", async () => {
    const { report, link } = await from(
      'short_urls.csv',
      '"createdAt","domain","shortCode","shortUrl","longUrl","title","tags","visits"\n' +
        '"2022-03-04T05:06:07+01:00","s.test","abc","https://s.test/abc","https://acme.example/x","T","foo|bar",7\n' +
        '"2022-03-04T05:06:07+01:00","s.test","a/b","https://s.test/a/b","https://acme.example/y","","",0\n',
    )
    expect(report.format).toBe('shlink')
    expect(link('abc')).toMatchObject({
      tags: ['foo', 'bar'],
      hits: 7,
      createdAt: '2022-03-04T04:06:07.000Z',
    })
    expect(link('a/b').url).toBe('https://acme.example/y')
  })

  test("Dub's CSV, whichever columns were ticked", async () => {
    const { report, link } = await from(
      'dub.csv',
      'Short link,Destination URL,Clicks,Created at,Tags\n' +
        'https://dub.sh/launch,https://acme.example/launch,12,2024-05-06T07:08:09.123Z,"\'-10 %, sale"\n',
    )
    expect(report.format).toBe('dub')
    expect(link('launch')).toMatchObject({
      hits: 12,
      tags: ['-10 %', 'sale'],
      createdAt: '2024-05-06T07:08:09.123Z',
    })
  })

  test('the root of a Dub domain is refused rather than given a drawn code', async () => {
    const { code, report } = await from(
      'dub.csv',
      'Short link,Destination URL\nhttps://dub.sh,https://acme.example/\n',
    )
    expect(code).toBe(3)
    expect(report.rejects).toEqual([{ line: 2, reason: expect.stringContaining('has no short code') }])
  })

  test("Kutt's API, several pages after each other, banned and protected links", async () => {
    const row = {
      id: 'u',
      created_at: '2023-01-01T00:00:00.000Z',
      banned: false,
      password: false,
      domain: null,
    }
    const page = (data: object[]) => JSON.stringify({ limit: 10, skip: 0, total: 3, data })
    const { code, report, link } = await from(
      'kutt.json',
      page([
        {
          ...row,
          address: 'one',
          target: 'https://acme.example/1',
          description: 'First',
          visit_count: 5,
          expire_in: '2031-01-01 10:00:00',
        },
        { ...row, address: 'bad', target: 'https://acme.example/2', banned: true, visit_count: 0 },
      ]).concat(
        '\n',
        page([{ ...row, address: 'secret', target: 'https://acme.example/3', password: true }]),
      ),
    )
    expect([code, report.format, report.unit, report.created]).toEqual([3, 'kutt', 'item', 2])
    expect(link('one')).toMatchObject({ title: 'First', hits: 5, expiresAt: '2031-01-01T10:00:00.000Z' })
    expect(link('bad').enabled).toBe(false)
    expect(report.rejects).toEqual([{ line: 3, reason: expect.stringContaining('password') }])
  })

  test("Sink's export, and tells what linkr has no place for", async () => {
    const { report, link } = await from(
      'sink.json',
      JSON.stringify({
        version: '1.0',
        exportedAt: '2026-01-01T00:00:00Z',
        count: 2,
        links: [
          {
            id: 'x',
            slug: 'promo',
            url: 'https://acme.example/p',
            comment: 'A comment',
            createdAt: 1700000000,
            updatedAt: 1700000001,
            expiration: 1900000000,
            tags: ['a', 'b'],
            geo: { DE: 'https://acme.example/de' },
            redirectWithQuery: true,
          },
          { slug: 'locked', url: 'https://acme.example/l', password: 'hash' },
        ],
      }),
    )
    expect(report.format).toBe('sink')
    expect(link('promo')).toMatchObject({
      title: 'A comment',
      tags: ['a', 'b'],
      forwardQuery: true,
      createdAt: '2023-11-14T22:13:20.000Z',
      expiresAt: '2030-03-17T17:46:40.000Z',
    })
    expect(report.notes).toEqual({ 'imported without its routing by country': 1 })
    expect(report.rejects[0].line).toBe(2)
  })

  test("linkr's own CSV, JSON and JSON lines", async () => {
    const row = {
      code: 'x',
      url: 'https://acme.example/',
      title: 'T',
      tags: ['a|b', 'c'],
      hits: 3,
      status: 301,
    }
    await from('own.json', JSON.stringify([{ ...row, code: 'array' }]))
    await from('own.jsonl', `${JSON.stringify({ ...row, code: 'lines' })}\n\n`)
    const { link } = await from(
      'own.csv',
      'code,url,title,tags,hits,status\ncsv,https://acme.example/,T,a\\|b|c,3,301\n',
    )
    for (const code of ['array', 'lines', 'csv']) {
      expect(link(code)).toMatchObject({ title: 'T', tags: ['a|b', 'c'], hits: 3, status: 301 })
    }
  })

  test('a file with a byte order mark, CRLF, quoted line breaks, and UTF-16', async () => {
    const text = 'keyword,url,title\r\nbom,https://acme.example/,"Zwei\r\nZeilen ü"\r\nnext,nonsense,\r\n'
    const { link, report } = await from('a.csv', `\uFEFF${text}`)
    expect(link('bom').title).toBe('Zwei Zeilen ü')
    expect(report.rejects).toEqual([{ line: 4, reason: 'url must be an absolute http:// or https:// URL' }])
    linkr.reset()
    const utf16 = await from('b.csv', Buffer.from(`\uFEFF${text}`, 'utf16le'))
    expect(utf16.link('bom').title).toBe('Zwei Zeilen ü')
  })
})

describe('domains of an import', () => {
  const csv =
    'Short link,Destination URL\nhttps://a.example/x,https://acme.example/1\nhttps://b.example/x,https://acme.example/2\n'
  const toDefault = (host: string) => `from ${host}, no namespace of this linkr: into the default one`

  test('are kept where linkr serves them, and counted where they are given up', async () => {
    linkr.served = ['b.example']
    const { code, report } = await from('dub.csv', csv)
    expect([...linkr.links.keys()]).toEqual(['*/x', 'b.example/x'])
    expect([code, report.created, report.notes]).toEqual([0, 2, { [toDefault('a.example')]: 1 }])
  })

  test('that are given up do not lose a link whose code another one has', async () => {
    const { code, report } = await from('dub.csv', csv)
    expect([...linkr.links.keys()]).toEqual(['*/x'])
    expect([code, report.created, report.skipped, report.rejected]).toEqual([3, 1, 0, 1])
    expect(report.rejects).toEqual([{ line: 3, reason: 'code "x" is taken by another destination' }])
  })

  test('are kept with --keep-domains, mapped with --domain', async () => {
    await from('dub.csv', csv, '--keep-domains')
    await from('dub.csv', csv, '--domain', 'a.example=go.example', '--domain', 'rest.example')
    expect([...linkr.links.keys()]).toEqual(['a.example/x', 'b.example/x', 'go.example/x', 'rest.example/x'])
  })

  test('have to be told by a token that may not ask what linkr serves', async () => {
    linkr.route = ({ path }) => (path === '/domains' ? problem(403, 'forbidden', 'No.') : undefined)
    const refused = await from('dub.csv', csv)
    expect([refused.code, linkr.links.size]).toEqual([1, 0])
    expect(refused.stderr).toMatch(/scope links:read.*--domain/)
    expect((await from('dub.csv', csv, '--keep-domains')).report.created).toBe(2)
    // YOURLS names no host, so the server is not asked.
    expect((await from('y.csv', 'keyword,url\na,https://acme.example/\n')).report.created).toBe(1)
  })
})

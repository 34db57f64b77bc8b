/**
 * @module
 * Exports as the peers' own code writes them: the files in support/exports came out of it, from made-up links.
 */
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { exportFile, importText } from './support/import-text.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const from = (name: string, content: string | Uint8Array, ...options: string[]) =>
  importText(linkr, name, content, ...options)
const file = (name: string, ...options: string[]) => from(name, exportFile(name), ...options)
const all = () => [...linkr.links.values()]

describe('YOURLS', () => {
  test('a table that mysql --batch wrote: its escapes are undone, and quotes are text', async () => {
    const { code, report, link } = await file('yourls.tsv')
    expect([code, report.rows, report.created]).toEqual([0, 7, 7])
    expect(all().map(({ code, hits }) => [code, hits])).toEqual([
      ['a-backslash', 11],
      ['b-quote', 12],
      ['c-after', 13],
      ['d-lines', 14],
      ['e-null', 15],
      ['f-open', 16],
      ['g-umlaut', 17],
    ])
    expect(link('a-backslash')).toMatchObject({
      url: 'https://acme.example/?path=C:\\temp\\new',
      title: 'Back\\slash',
    })
    expect(link('b-quote').title).toBe('"Quoted" at the start')
    expect(link('d-lines').title).toBe('Two lines and a tab , a CR')
    expect(link('e-null').title).toBeNull()
    expect(link('f-open').title).toBe('"never closed')
    expect(report.notes).toEqual({ 'title without its outer blanks or control characters': 1 })
  })

  test('a rejected row of such a table is named by its line', async () => {
    const broken = exportFile('yourls.tsv').toString().replace('https://acme.example/null', 'nonsense')
    const { report } = await from('y.tsv', broken)
    expect(report.rejects.map(({ line }: { line: number }) => line)).toEqual([6])
  })

  test('the same table from Windows, and tab-separated by a spreadsheet', async () => {
    await from('windows.tsv', exportFile('yourls.tsv').toString().replaceAll('\n', '\r\n'))
    expect(linkr.links.get('*/a-backslash')).toMatchObject({ title: 'Back\\slash', hits: 11 })
    linkr.reset()
    const text = '\uFEFFkeyword\turl\ttitle\r\na\thttps://acme.example/\t"A ""b"" C:\\new"\r\n'
    await from('unicode-text.txt', Buffer.from(text, 'utf16le'))
    expect(linkr.links.get('*/a')?.title).toBe('A "b" C:\\new')
    linkr.reset()
    await from('quoted.tsv', '"keyword"\t"url"\t"title"\n"a"\t"https://acme.example/"\t"C:\\new"\n')
    expect(linkr.links.get('*/a')?.title).toBe('C:\\new')
  })

  test('the CSV of its Import/Export plugin', async () => {
    const { code, report } = await file('yourls-plugin.csv')
    expect([code, report.format, report.created]).toEqual([0, 'yourls', 6])
    expect(
      all()
        .map(({ code, url, hits }) => [code, url, hits])
        .at(-1),
    ).toEqual(['h-comma', 'https://acme.example/?a=1,2&b="q"', 0])
    expect(report.caveats[0]).toMatch(/neither titles nor dates/)
  })
})

describe('Shlink', () => {
  test("the web client's export, whose query strings are passed on", async () => {
    linkr.served = ['go.example']
    const { code, report, link } = await file('shlink.csv')
    expect([code, report.created]).toEqual([0, 3])
    expect(link('abc', 'go.example')).toMatchObject({
      url: 'https://acme.example/x?a=1&b="q"',
      title: 'A "quoted", title',
      tags: ['foo', 'bar'],
      hits: 7,
      forwardQuery: true,
      createdAt: '2022-03-04T04:06:07.000Z',
    })
    expect(link('a/b').title).toBeNull()
    expect(link('multi', 'go.example')).toMatchObject({ title: '=1+1 line', tags: ['one,two', 'three'] })
  })

  test('the CSV of its importer: tags with commas, the code from the short URL or a column', async () => {
    const { report, link } = await from(
      'importer.csv',
      'Long URL,Short URL,Title,Tags\n' +
        'https://acme.example/1,https://go.example/one,One,"a, b,c"\n' +
        'https://acme.example/2,https://go.example/two,,x|y\n',
    )
    expect([report.format, report.created]).toEqual(['shlink', 2])
    expect([link('one').tags, link('one').title, link('two').tags]).toEqual([
      ['a', 'b', 'c'],
      'One',
      ['x', 'y'],
    ])
    linkr.reset()
    linkr.served = ['go.example']
    await from(
      'importer.csv',
      'Short code;Long URL;Domain;Short URL\n' +
        'three;https://acme.example/3;;https://go.example/other\n' +
        'four;https://acme.example/4;go.example;\n',
    )
    expect([...linkr.links.keys()]).toEqual(['*/three', 'go.example/four'])
  })
})

describe('Dub', () => {
  test('all of its columns, and what was lost of each link', async () => {
    linkr.served = ['go.example']
    const { code, report, link } = await file('dub.csv')
    expect([code, report.created, report.rejected]).toEqual([3, 4, 1])
    expect(link('launch', 'go.example')).toMatchObject({
      url: 'https://acme.example/launch?a=1,2&b="q"',
      hits: 12,
      tags: ['-10 %', 'sale'],
      forwardQuery: true,
      createdAt: '2024-05-06T07:08:09.123Z',
    })
    expect(link('archived', 'go.example').tags).toEqual(['=cmd'])
    expect(link('launch').url).toBe('https://acme.example/other')
    expect(report.notes).toEqual({
      'imported without its leads': 1,
      'imported without its conversions': 1,
      'imported without its revenue': 1,
      'from dub.sh, no namespace of this linkr: into the default one': 1,
    })
    expect(report.rejects).toEqual([{ line: 6, reason: expect.stringMatching(/^has no short code/) }])
  })

  test('an archived link is counted as such', async () => {
    const { report } = await from(
      'dub.csv',
      'Short link,Destination URL,Archived\nhttps://go.example/a,https://acme.example/,Yes\n',
    )
    expect(report.notes).toMatchObject({ 'imported without its archived state: it redirects, as in Dub': 1 })
  })

  test('its usual columns, and that expiry and password are not among them', async () => {
    const { report } = await file('dub-default.csv', '--domain', 'go.example')
    expect(report.created).toBe(3)
    expect(report.rejected).toBe(2)
    expect(report.caveats[0]).toMatch(/neither expiry nor password.*open to everyone/)
  })
})

describe('Kutt', () => {
  test('pages of its API', async () => {
    linkr.served = ['go.example']
    const { code, report, link } = await file('kutt.json')
    expect([code, report.rows, report.created]).toEqual([3, 5, 3])
    expect(link('one')).toMatchObject({
      url: 'https://acme.example/1',
      title: 'First',
      hits: 1234,
      expiresAt: '2031-01-01T10:00:00.000Z',
      forwardQuery: false,
    })
    expect(link('one', 'go.example').url).toBe('https://acme.example/4')
    expect(link('bad').enabled).toBe(false)
    expect(report.rejects.map(({ line }: { line: number }) => line)).toEqual([1, 3])
    expect(report.notes).toEqual({ 'from kutt.example, no namespace of this linkr: into the default one': 2 })
  })

  test("an admin's pages, which write numbers and links otherwise", async () => {
    const page = exportFile('kutt-admin.json').toString().replace('"total":5', '"total":2')
    const { code, link } = await from('kutt.json', page, '--keep-domains')
    expect(code).toBe(0)
    expect(link('one', 'kutt.example')).toMatchObject({ hits: 1234, title: 'First' })
    expect(link('bad', 'kutt.example').enabled).toBe(false)
  })

  test('a file that lacks pages says so, after it has imported what there is', async () => {
    linkr.served = ['go.example']
    const [first = '', second = ''] = exportFile('kutt.json')
      .toString()
      .split(/(?<=\})(?=\{"total")/)
    const { code, report, stderr } = await from('kutt.json', first + second)
    expect([code, report.end, report.created]).toEqual([1, 'failed', 2])
    // The rows are rejected again with the whole file, and written down then.
    expect([report.rejected, report.rejectsPath]).toEqual([2, undefined])
    expect(stderr).toMatch(/holds 4 of the 5 links.*not the whole export/)
    expect((await from('kutt.json', exportFile('kutt.json'))).report.created).toBe(1)
  })

  test.each([
    ['an error of its API', '{"error":"Unauthorized."}', /"Unauthorized\.\\?"/],
    ['an empty answer', '{}', /without links/],
    ['the error page of a proxy', '<html><body>502</body></html>', /web page/],
  ])('%s among its pages is found out', async (_name, page, expected) => {
    linkr.served = ['go.example']
    const whole = exportFile('kutt.json').toString()
    const { code, report, stderr } = await from('kutt.json', whole + page)
    expect([code, report.end, report.created]).toEqual([1, 'failed', 3])
    expect(stderr).toMatch(expected)
    expect((await from('kutt.json', page + whole)).code).not.toBe(0)
    const alone = await from('kutt.json', page)
    expect([alone.code, alone.report?.created ?? 0]).toEqual([2, 0])
  })
})

describe('Sink', () => {
  test('a backup, and what was lost of each link', async () => {
    const { code, report, link } = await file('sink.json')
    expect([code, report.created]).toEqual([3, 3])
    expect(link('promo')).toMatchObject({ title: 'Promo', forwardQuery: true, tags: ['a', 'b'] })
    expect(link('noted')).toMatchObject({ title: 'Only a comment', forwardQuery: false })
    expect(link('past').expiresAt).toBe('2022-04-15T05:20:00.000Z')
    expect(report.notes).toEqual({
      'imported without its comment': 1,
      'imported without its description of the preview card': 1,
      'imported without its image of the preview card': 1,
      'imported without its routing by country': 1,
      'imported without its cloaking': 1,
    })
    expect(report.rejects).toEqual([{ line: 3, reason: expect.stringContaining('password') }])
  })

  test('pages of its API that end before the last one', async () => {
    const page = (slug: string, isLast: boolean) =>
      JSON.stringify({
        version: '1.0',
        count: 1,
        links: [{ slug, url: 'https://acme.example/' }],
        list_complete: isLast,
      })
    expect((await from('sink.json', page('a', false) + page('b', true))).code).toBe(0)
    const { code, report, stderr } = await from('sink.json', page('c', false))
    expect([code, report.created, stderr]).toEqual([1, 1, expect.stringMatching(/not the last one/)])
  })
})

describe('Bitly', () => {
  test('its other column names; both back-halves of a link work, and its clicks count once', async () => {
    linkr.served = ['brand.example']
    const { code, report } = await from(
      'bitly.csv',
      'Link,Custom Link,Destination URL,Title,Total Clicks,Archived\n' +
        'bit.ly/3abcXyz,brand.example/sale,https://acme.example/,Sale,12,No\n' +
        'bit.ly/4plain,,https://acme.example/plain,,3,Yes\n' +
        'bit.ly/5twice,https://bit.ly/5twice,https://acme.example/twice,,1,\n',
    )
    expect([code, report.rows, report.extra, report.created]).toEqual([0, 3, 1, 4])
    expect(all().map(({ domain, code, title, hits }) => [domain, code, title, hits])).toEqual([
      ['brand.example', 'sale', 'Sale', 12],
      ['*', '3abcXyz', 'Sale', 0],
      ['*', '4plain', null, 3],
      ['*', '5twice', null, 1],
    ])
    expect(report.notes).toMatchObject({ 'imported without its archived': 1 })
  })
})

import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { importText } from './support/import-text.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const from = (name: string, content: string | Uint8Array, ...options: string[]) =>
  importText(linkr, name, content, ...options)

const message = ({ stderr }: { readonly stderr: string }): string => {
  const line = stderr.trim().split('\n').at(-1) ?? ''
  return JSON.parse(line).error.message
}

describe('a row that cannot be imported', () => {
  test('is reported with its line, and the rest goes on', async () => {
    const { code, report } = await from(
      'yourls.csv',
      [
        'keyword,url,title,timestamp,ip,clicks',
        'ok1,https://acme.example/,,,,',
        'short,https://acme.example/',
        'long,https://acme.example/,a,b,c,1,one,more',
        'nourl,,,,,',
        ',https://acme.example/,,,,',
        `huge,https://acme.example/${'x'.repeat(1_000_000)},,,,`,
        `${'k'.repeat(200)},https://acme.example/,,,,`,
        'latin,https://acme.example/\uFFFD,,,,',
        'ftp,ftp://acme.example/,,,,',
        'ok2,https://acme.example/,,,,',
      ].join('\n'),
    )
    expect(code).toBe(3)
    expect(report).toMatchObject({ rows: 10, created: 2, rejected: 8, end: 'complete' })
    expect(
      report.rejects.map(({ line, reason }: { line: number; reason: string }) => `${line} ${reason}`),
    ).toEqual([
      '3 has 2 cells, but the header 6',
      '4 has 8 cells, but the header 6',
      '5 has no destination URL',
      expect.stringMatching(/^6 has no short code/),
      '7 url has 1000021 characters, at most 4096 are possible',
      '8 code has 200 characters, at most 128 are possible',
      '9 url is not valid UTF-8; save the file as UTF-8',
      '10 url must be an absolute http:// or https:// URL',
    ])
  })

  test('keeps its link when only its decoration is bad', async () => {
    const { code, report, link } = await from(
      'yourls.csv',
      'keyword,url,title,timestamp,ip,clicks\n' +
        `a,https://acme.example/,${'t'.repeat(300)},yesterday,,many\n` +
        'b,https://acme.example/,"x\u0000\u001by",2999-01-01 00:00:00,,-1\n',
    )
    expect(code).toBe(0)
    expect(link('a').title).toHaveLength(256)
    expect(link('b').title).toBe('x y')
    expect(report.notes).toEqual({
      'title cut to 256 characters': 1,
      'title without its outer blanks or control characters': 1,
      'creation date not understood: takes that of the import': 2,
      'click total not understood: starts at 0': 2,
    })
  })

  test('is refused when its expiry cannot be read, since it would live for ever', async () => {
    const { report } = await from('a.csv', 'code,url,expiresAt\na,https://acme.example/,soon\n')
    expect(report.rejects).toEqual([{ line: 2, reason: 'expiry "soon" is not a date' }])
  })

  test('is one line of JSON lines', async () => {
    const good = JSON.stringify({ code: 'a', url: 'https://acme.example/' })
    const { report } = await from(
      'a.jsonl',
      `${good}\n{"code": "b", \n[]\nnull\n${good.replace('"a"', '"c"')}`,
    )
    expect(report).toMatchObject({ created: 2, rejected: 3 })
    expect(report.rejects[0]).toEqual({ line: 2, reason: 'is not valid JSON' })
    expect(report.rejects[1]).toEqual({ line: 3, reason: 'is not a JSON object' })
  })

  test('is one line of JSON lines that nests beyond reason, at any depth', async () => {
    const link = (code: string, more = '') => `{"code":"${code}","url":"https://acme.example/"${more}}`
    const deep = '['.repeat(9_000) + ']'.repeat(9_000)
    const lines = [link('a'), link('b', `,"tags":${deep}`), '['.repeat(1e6), link('c', ',"title":"[[[[{{"')]
    const { report } = await from('a.jsonl', lines.join('\n'))
    expect(report).toMatchObject({ created: 2, rejected: 2, end: 'complete' })
    expect(report.rejects).toEqual([
      { line: 2, reason: 'nests more than 100 levels' },
      { line: 3, reason: 'nests more than 100 levels' },
    ])
  })

  test('goes to the rejects file, which imports once it is repaired', async () => {
    const rejects = `/tmp/linkr-rejects-${process.pid}.csv`
    const { report } = await from(
      'own.csv',
      'code,url,title,tags,hits\na,nonsense,\'=1+1,"x\\|y|z",7\n',
      '--rejects',
      rejects,
    )
    expect(report.rejectsPath).toBe(rejects)
    const { readFileSync, rmSync } = await import('node:fs')
    const text = readFileSync(rejects, 'utf8')
    rmSync(rejects)
    expect(text).toMatch(/^line,reason,domain,code,url,/)
    const { link } = await from('repaired.csv', text.replace('nonsense', 'https://acme.example/'))
    expect(link('a')).toMatchObject({ title: '=1+1', tags: ['x|y', 'z'], hits: 7 })
  })
})

describe('a file that cannot be imported', () => {
  const cases: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['empty', '', /is empty/],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /is not a text file/],
    [
      'a web page',
      '<!doctype html><html><body>Sign in</body></html>',
      /no export that linkr knows.*doctype/s,
    ],
    ['another CSV', 'name,age\nAda,36\n', /"name", "age".*Known exports:/s],
    ['a header without the destination', 'keyword,title\nx,y\n', /no export that linkr knows/],
    ['another JSON', '{"results": [{"a": 1}]}', /JSON, but no export that linkr knows: "results"/],
    [
      'rows of something else',
      '[{"name": "Ada", "url": "https://acme.example"}]',
      /no export that linkr knows/,
    ],
    ['a JSON number', '[1, 2, 3]', /./],
    ['prose', 'Dear all, here are the links you asked for.', /no export that linkr knows/],
  ]
  test.each(cases)(
    '%s is refused with what was found and what would do',
    async (_name, content, expected) => {
      const result = await from('file', content)
      if (result.report !== undefined) expect(result.report.created).toBe(0)
      else expect(message(result)).toMatch(expected)
      expect(result.stderr).not.toMatch(/\bat .*\.ts:\d+/)
      expect(linkr.links.size).toBe(0)
    },
  )

  test('truncated JSON: what came before is imported, and the exit code tells', async () => {
    const rows = ['a', 'b', 'c'].map((slug) => ({ slug, url: 'https://acme.example/' }))
    const result = await from('sink.json', JSON.stringify({ links: rows }).slice(0, -10))
    expect(result.code).toBe(1)
    expect(result.report).toMatchObject({ end: 'failed', created: 2 })
    expect(message(result)).toMatch(/breaks off after item 2/)
  })

  test.each([
    ['18 KB of nested arrays', '['.repeat(9_000) + ']'.repeat(9_000)],
    ['4 MB of opening brackets', '['.repeat(4e6)],
  ])('JSON with %s: what came before is imported, and the line is named', async (_what, deep) => {
    const row = (slug: string, more = '') => `{"slug":"${slug}","url":"https://acme.example/"${more}}`
    const rows = [row('a'), row('b', ',"comment":"\\"[[{{"'), row('c', `,"tags":${deep}`), row('d')]
    const result = await from('sink.json', `{"links":[\n${rows.join(',\n')}\n]}`)
    expect([result.code, message(result)]).toEqual([
      1,
      expect.stringMatching(/more than 100 levels in line 4/),
    ])
    expect(result.report).toMatchObject({ end: 'failed', created: 2 })
  })

  test('nothing but opening brackets', async () => {
    const result = await from('sink.json', '['.repeat(4e6))
    expect([result.code, message(result)]).toEqual([
      1,
      expect.stringMatching(/more than 100 levels in line 1/),
    ])
  })

  test('broken JSON in the middle', async () => {
    const result = await from(
      'sink.json',
      '{"links":[{"slug":"a","url":"https://acme.example/"},{"slug":oops}]}',
    )
    expect(result.code).toBe(1)
    expect(message(result)).toMatch(/not valid JSON after item 1/)
  })

  test('a quote that is never closed', async () => {
    const result = await from(
      'y.csv',
      'keyword,url\na,https://acme.example/\nb,"https://acme.example/\nc,d\n',
    )
    expect(result.code).toBe(1)
    expect(result.report.created).toBe(1)
    expect(message(result)).toMatch(/quoted cell that never ends/)
  })

  test('--format names another export than this is', async () => {
    expect(message(await from('y.csv', 'keyword,url\n', '--format', 'kutt'))).toMatch(
      /not JSON, but --format kutt/,
    )
    expect(message(await from('y.csv', 'keyword,url\n', '--format', 'bitly'))).toMatch(
      /lacks columns of a Bitly CSV/,
    )
    expect(message(await from('y.json', '{"data":[]}', '--format', 'dub'))).toMatch(
      /is JSON, but --format dub/,
    )
  })

  test('does not exist, or is a folder', async () => {
    for (const path of ['/nowhere/at/all.csv', '/tmp']) {
      const { code, stderr } = await runCli(['import', path], { env: linkr.env })
      expect([code, stderr]).toEqual([2, expect.stringMatching(/no such file|is not a file/)])
    }
  })

  test('an export of nothing is imported as nothing', async () => {
    for (const content of ['{"data":[]}', '{"links": []}', '[]', 'keyword,url\n']) {
      const { code, report } = await from('x', content)
      expect([code, report.rows]).toEqual([0, 0])
    }
  })
})

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { exportFile, importText, temporaryFolder } from './support/import-text.ts'

const linkr = await startFakeLinkr()
const folder = temporaryFolder()
beforeEach(() => linkr.reset())
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

/** The rejects of an import. */
async function rejectsOf(
  name: string,
  content: string | Uint8Array,
  rejects: string,
  ...options: string[]
): Promise<string> {
  const path = join(folder, rejects)
  await importText(linkr, name, content, '--rejects', path, ...options)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  rmSync(path, { force: true })
  return text
}

const again = (name: string, content: string, ...options: string[]) =>
  importText(linkr, name, content, ...options)

describe('a repaired rejects file', () => {
  const csv =
    'Bitlink,Custom Bitlink,Long URL,Clicks\n' +
    'bit.ly/good,,https://acme.example/good,1\n' +
    'bit.ly/bad,,nonsense,7\n' +
    'brand.example/own,,nonsense,8\n'

  test.each(['rejects.csv', 'rejects.jsonl'])('imports to where its siblings went (%s)', async (name) => {
    linkr.served = ['brand.example']
    const rejects = await rejectsOf('bitly.csv', csv, name)
    const repaired = rejects.replaceAll('"nonsense"', '"https://acme.example/"')
    const { code, report } = await again(name, repaired.replaceAll('nonsense', 'https://acme.example/'))
    expect([code, report.created, report.notes]).toEqual([0, 2, {}])
    expect([...linkr.links].map(([key, { hits }]) => [key, hits])).toEqual([
      ['*/good', 1],
      ['*/bad', 7],
      ['brand.example/own', 8],
    ])
  })

  test('keeps whether query strings are passed on, and tags with commas', async () => {
    const shlink =
      'createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits\n' +
      '2022-03-04T05:06:07+01:00,,abc,https://s.test/abc,nonsense,,"a,b|c",7\n'
    const rejects = await rejectsOf('shlink.csv', shlink, 'r.csv')
    const { link } = await again('r.csv', rejects.replace('nonsense', 'https://acme.example/'))
    expect(link('abc')).toMatchObject({ forwardQuery: true, tags: ['a,b', 'c'], hits: 7 })
  })

  test('overwrites with clicks counted elsewhere, as its siblings did', async () => {
    const rejects = await rejectsOf('bitly.csv', csv, 'r.csv')
    linkr.requests.length = 0
    await again(
      'r.csv',
      rejects.replaceAll('nonsense', 'https://acme.example/'),
      '--on-conflict',
      'overwrite',
    )
    expect(linkr.requests.at(-1)?.body.onConflict).toBe('overwrite')
    // What linkr exported itself counts its own clicks too, and so do its rejected rows.
    const own = await rejectsOf('own.csv', 'code,url,hits\na,nonsense,7\n', 'r.csv')
    await again('r.csv', own.replace('nonsense', 'https://acme.example/'), '--on-conflict', 'overwrite')
    expect(linkr.requests.at(-1)?.body.onConflict).toBe('restore')
    const json = JSON.stringify([{ url: 'https://acme.example/', hits: 7 }])
    await again('own.json', json, '--format', 'linkr', '--on-conflict', 'overwrite')
    expect(linkr.requests.at(-1)?.body.onConflict).toBe('restore')
  })
})

describe('a rejects file', () => {
  test('has the rows whose code leads elsewhere, and what they would have been', async () => {
    const dub =
      'Short link,Destination URL\nhttps://a.test/x,https://acme.example/1\nhttps://b.test/x,https://acme.example/2\n'
    const rejects = await rejectsOf('dub.csv', dub, 'r.csv')
    expect(rejects.trim().split('\n')).toEqual([
      'line,reason,domain,code,url,title,tags,status,enabled,forwardQuery,expiresAt,createdAt,hitsElsewhere',
      '3,"code ""x"" is taken by another destination",,x,https://acme.example/2,,,,,true,,,',
    ])
    const { report } = await again('r.csv', rejects.replace(',x,', ',y,'))
    expect([report.created, [...linkr.links.keys()]]).toEqual([1, ['*/x', '*/y']])
  })

  test('that is imported as it is opens nothing that a password protected', async () => {
    const kutt = exportFile('kutt.json')
    const rejects = await rejectsOf('kutt.json', kutt, 'r.csv')
    expect(rejects).toContain('password')
    const { link } = await again('r.csv', rejects)
    expect(link('secret').enabled).toBe(false)
  })

  test('starts no cell with what a spreadsheet would calculate', async () => {
    const json = JSON.stringify([
      {
        code: '-2+3',
        url: '=HYPERLINK("https://evil.example")',
        domain: '@x',
        title: '+1',
        status: '=1',
        tags: ['=t'],
      },
    ])
    const rejects = await rejectsOf('own.json', json, 'r.csv')
    const [, row = ''] = rejects.trim().split('\n')
    expect(row).toContain("'-2+3")
    expect(row).not.toMatch(/(?:^|,)"?[=+\-@]/)
    const { report } = await again(
      'r.csv',
      rejects.replace(/"'=HYPER[^,]*,/, 'https://acme.example/,').replace("'=1", '302'),
    )
    expect(report.created).toBe(1)
    expect(linkr.links.get('@x/-2+3')).toMatchObject({ title: '+1', tags: ['=t'] })
  })
})

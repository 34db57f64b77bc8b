import { afterAll, beforeEach, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { exportFile, importText } from './support/import-text.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const from = (name: string, content: string | Uint8Array, ...options: string[]) =>
  importText(linkr, name, content, ...options)
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => `k${i},https://acme.example/${i},plain\n`).join('')

test('a file in Latin-1 is refused with what to say, and read when that is said', async () => {
  const latin1 = exportFile('yourls-latin1.tsv')
  const refused = await from('y.tsv', latin1)
  expect([refused.code, linkr.links.size]).toEqual([2, 0])
  expect(refused.stderr).toMatch(/not UTF-8.*--encoding windows-1252/)
  const { code, link } = await from('y.tsv', latin1, '--encoding', 'windows-1252')
  expect(code).toBe(0)
  expect(link('g-umlaut')).toMatchObject({ title: 'Zwölf, Boxkämpfer €', url: 'https://acme.example/ü' })
})

test('Latin-1 far down a file costs the rows that have it, never a character', async () => {
  const head = Buffer.from(`keyword,url,title\n${rows(3000)}`)
  const tail = Buffer.from('odd,https://acme.example/,Zwölf\neven,https://acme.example/,plain\n', 'latin1')
  const content = Buffer.concat([head, tail])
  expect(head.length).toBeGreaterThan(64 * 1024)
  const { code, report, link } = await from('y.csv', content)
  expect([code, report.created, report.rejected]).toEqual([3, 3001, 1])
  expect(report.rejects).toEqual([{ line: 3002, reason: expect.stringMatching(/is not UTF-8.*--encoding/) }])
  expect(link('even').title).toBe('plain')
  expect((await from('y.csv', content, '--encoding', 'latin1')).report).toMatchObject({
    created: 1,
    skipped: 3001,
  })
  expect(link('odd').title).toBe('Zwölf')
})

test('a file in UTF-8 may have the replacement character, and break off within a character of its head', async () => {
  const { code, link } = await from('y.csv', 'keyword,url,title\na,https://acme.example/,was \uFFFD before\n')
  expect([code, link('a').title]).toEqual([0, 'was \uFFFD before'])
  for (let shift = 0; shift < 4; shift++) {
    const title = 'x'.repeat(65_500 + shift)
    const content = `keyword,url,title\nk${shift},https://acme.example/,${title}€\n`
    expect((await from('y.csv', content)).code).toBe(0)
  }
})

test('an encoding that is not known is refused', async () => {
  const { code, stderr } = await from('y.csv', 'keyword,url\n', '--encoding', 'klingon')
  expect([code, stderr]).toEqual([2, expect.stringMatching(/klingon.*not known/)])
})

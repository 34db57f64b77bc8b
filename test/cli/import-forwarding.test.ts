import { afterAll, beforeEach, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { importText } from './support/import-text.ts'

const linkr = await startFakeLinkr()
beforeEach(() => linkr.reset())
afterAll(() => linkr.close())

const url = 'https://acme.example/'
const exports = {
  bitly: `Bitlink,Long URL\nbit.ly/a,${url}\n`,
  yourls: `keyword,url\na,${url}\n`,
  shlink: `shortCode,longUrl\na,${url}\n`,
  dub: `Short link,Destination URL\nhttps://dub.sh/a,${url}\n`,
  kutt: JSON.stringify({ data: [{ address: 'a', target: url }] }),
  sink: JSON.stringify({ links: [{ slug: 'a', url }] }),
  linkr: `code,url\na,${url}\n`,
}

test.each([
  ['bitly', false],
  ['yourls', false],
  ['shlink', true],
  ['dub', true],
  ['kutt', false],
  ['sink', false],
  ['linkr', false],
] as const)('query strings are passed on as %s did: %s', async (name, forwards) => {
  await importText(linkr, 'x', exports[name])
  expect(linkr.links.get('*/a')?.forwardQuery).toBe(forwards)
  for (const asked of [true, false]) {
    await importText(
      linkr,
      'x',
      exports[name],
      '--forward-query',
      String(asked),
      '--on-conflict',
      'overwrite',
    )
    expect(linkr.links.get('*/a')?.forwardQuery).toBe(asked)
  }
})

test('what a link says itself about query strings stays', async () => {
  const row = { slug: 'a', url, redirectWithQuery: false }
  await importText(linkr, 'sink.json', JSON.stringify({ links: [row] }), '--forward-query', 'true')
  expect(linkr.links.get('*/a')?.forwardQuery).toBe(false)
  await importText(linkr, 'own.csv', `code,url,forwardQuery\nb,${url},true\n`, '--forward-query', 'false')
  expect(linkr.links.get('*/b')?.forwardQuery).toBe(true)
})

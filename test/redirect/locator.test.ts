import { expect, test } from 'vitest'
import { locateRequest } from '../../src/redirect/locate.ts'
import { createLocator } from '../../src/redirect/locator.ts'

const domains = new Set(['go.example.com'])
const keyOf = (locate: ReturnType<typeof createLocator>, url: string): unknown => {
  const located = locate(new Request(url))
  return located.kind === 'link' ? located.key : undefined
}

test.each([
  'https://go.example.com/abc',
  'https://other.example.com/abc',
  'https://go.example.com:8443/abc',
  'https://GO.example.com./abc',
  'https://h/%61bc',
  'https://h/%61bc?x=1#y',
  'https://h/abc?',
  'https://h/%',
  'https://h/abc#y',
  'https://h/',
  'https://h/a//b',
  'https://h/api/links',
])('locates %s as if for the first time, however often', (url) => {
  const locate = createLocator(domains)
  const requests = [
    new Request(url),
    new Request(url, { method: 'HEAD' }),
    new Request(url, { headers: { 'Sec-Purpose': 'prefetch' } }),
    new Request(url),
  ]
  for (const request of requests) expect(locate(request)).toEqual(locateRequest(request, domains))
})

test('tells apart URLs that differ in their host only, or in how their path is written', () => {
  const locate = createLocator(domains)
  const urls = [
    'https://h/abc',
    'https://go.example.com/abc',
    'https://go.example.com.evil/abc',
    'https://h/%41bc',
  ]
  for (let round = 0; round < 2; round++) {
    expect(urls.map((url) => keyOf(locate, url))).toEqual([
      { domain: '*', code: 'abc' },
      { domain: 'go.example.com', code: 'abc' },
      { domain: '*', code: 'abc' },
      { domain: '*', code: 'Abc' },
    ])
  }
})

test('takes the URL of a link apart once', () => {
  const locate = createLocator(domains)
  expect(keyOf(locate, 'https://h/abc')).toBe(keyOf(locate, 'https://h/abc'))
})

test.each([
  ['with a query', 'https://h/abc?x'],
  ['that is long', `https://h/${'a'.repeat(120)}`],
])('does not remember a URL %s', (_, url) => {
  const locate = createLocator(domains)
  expect(keyOf(locate, url)).toEqual(keyOf(locate, url))
  expect(keyOf(locate, url)).not.toBe(keyOf(locate, url))
})

test('forgets URLs rather than hold more than a thousand', () => {
  const locate = createLocator(domains)
  const first = keyOf(locate, 'https://h/first')
  for (let i = 0; i < 1_000; i++) keyOf(locate, `https://h/${i}`)
  expect(keyOf(locate, 'https://h/first')).not.toBe(first)
})

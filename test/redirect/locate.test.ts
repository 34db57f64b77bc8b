import { describe, expect, test } from 'vitest'
import { hostOf, locateRequest, pathOf } from '../../src/redirect/locate.ts'

const domains = new Set(['go.example.com'])
const locate = (url: string, headers = {}) =>
  locateRequest({ url, method: 'GET', headers: new Headers(headers) }, domains)

describe('locateRequest', () => {
  test.each([
    ['https://go.example.com/abc', 'go.example.com', 'abc', ''],
    ['https://go.example.com:8443/abc?x=1', 'go.example.com', 'abc', '?x=1'],
    ['https://go.example.com./abc', 'go.example.com', 'abc', ''],
    ['https://go.example.com.:8443/abc', 'go.example.com', 'abc', ''],
    ['https://other.example.com/abc', '*', 'abc', ''],
    ['http://[::1]:8787/abc', '*', 'abc', ''],
    ['https://h/a/b/c?x=/?', '*', 'a/b/c', '?x=/?'],
    ['https://h/abc?x#?y', '*', 'abc', '?x'],
    ['https://h/abc#?y', '*', 'abc', ''],
    ['https://h/%61b%63', '*', 'abc', ''],
    ['https://h/a%2Fb', '*', 'a/b', ''],
  ])('%s names domain %s, code %s, query %s', (url, domain, code, query) => {
    const facts = { method: 'GET', isPrefetch: false, query, url }
    expect(locate(url)).toEqual({ kind: 'link', key: { domain, code }, name: `${domain}/${code}`, ...facts })
  })

  test.each([
    'https://h//a',
    'https://h/a/',
    'https://h/a//b',
    'https://h/%',
    'https://h/%zz',
    'https://h/%ff',
    'https://h/%00',
    'https://h/a%0Ab',
    'https://h/caf%C3%A9',
    `https://h/${'a'.repeat(129)}`,
    `https://h/${'%61'.repeat(129)}`,
    'https://h/api/links',
    'https://h/robots.txt',
    'https://h/favicon.ico',
    'https://h/.well-known/acme',
    'https://h/cdn-cgi/trace',
    'https://h/%61pi/x',
  ])('%s is no place for a link', (url) => {
    expect(locate(url)).toEqual({ kind: 'no-link', method: 'GET', url })
  })

  test.each(['https://h/', 'https://h/?x', 'https://h/#x', 'https://h', 'https://h?x'])(
    '%s is the root',
    (url) => {
      expect(locate(url)).toEqual({ kind: 'root', method: 'GET', url })
    },
  )

  test('tells a prefetch from a click', () => {
    expect(locate('https://h/a', { 'Sec-Purpose': 'prefetch;prerender' })).toMatchObject({ isPrefetch: true })
  })
})

test.each([
  ['https://Go.example.com.:8443/a/%62?c#d', 'go.example.com', '/a/%62'],
  ['http://[::1]:8787/#x', '[::1]', '/'],
])('of %s the host is %s and the path %s', (url, host, path) => {
  expect([hostOf(url), pathOf(url)]).toEqual([host, path])
})

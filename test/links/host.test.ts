import { describe, expect, test } from 'vitest'
import { hostOfUrl, normalizeHost, parseHost } from '../../src/links/host.ts'

describe('normalizeHost', () => {
  test.each([
    ['go.example.com', 'go.example.com'],
    ['GO.Example.com', 'go.example.com'],
    ['go.example.com:8443', 'go.example.com'],
    ['go.example.com.', 'go.example.com'],
    ['go.example.com.:80', 'go.example.com'],
    ['go.example.com..', 'go.example.com'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:8787', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:8787', '[::1]'],
    ['host2', 'host2'],
    ['', ''],
  ])('takes %s for %s', (authority, host) => {
    expect(normalizeHost(authority)).toBe(host)
  })
})

test.each([
  ['https://GO.example.com:8443/a?b', 'go.example.com'],
  ['http://[::1]:8787/', '[::1]'],
  ['https://go.example.com./?u=https://example.com/', 'go.example.com'],
])('the host of a request for %s is %s', (url, host) => {
  expect(hostOfUrl(url)).toBe(host)
})

describe('parseHost', () => {
  test.each([
    ['Go.Example.com.', 'go.example.com'],
    ['localhost', 'localhost'],
  ])('takes %s for the host %s', (text, host) => {
    expect(parseHost(text)).toBe(host)
  })

  test.each([
    ...['https://go.example.com', 'go.example.com/x', 'go.example.com:443', 'a b', 'a..b', '-a', '', '.'],
    ...['\0', 'a\0', '\ud800', '*', 'x'.repeat(254)],
  ])('finds none in %j', (text) => {
    expect(parseHost(text)).toBeNull()
  })
})

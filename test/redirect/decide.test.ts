import { describe, expect, test } from 'vitest'
import { decide } from '../../src/redirect/decide.ts'
import { sampleLink } from '../support/sample-link.ts'

const NOW = 1_800_000_000_000
const link = sampleLink()
const get = { method: 'GET', isPrefetch: false, query: '', url: 'https://h/x' }

describe('decide', () => {
  test('redirects a GET and counts it', () => {
    expect(decide(link, get, NOW)).toEqual({
      kind: 'redirect',
      status: 302,
      location: 'https://example.com/page',
      counts: true,
    })
  })

  test.each([
    ['HEAD', { ...get, method: 'HEAD' }],
    ['a prefetch', { ...get, isPrefetch: true }],
  ])('redirects %s without counting it', (_, request) => {
    expect(decide(link, request, NOW)).toMatchObject({ kind: 'redirect', counts: false })
  })

  test('takes a link for expired from the very millisecond of its expiry', () => {
    expect(decide({ ...link, expiresAt: NOW + 1 }, get, NOW).kind).toBe('redirect')
    expect(decide({ ...link, expiresAt: NOW }, get, NOW).kind).toBe('expired')
  })

  test('tells unknown and disabled links apart', () => {
    expect(decide(null, get, NOW).kind).toBe('not-found')
    expect(decide({ ...link, enabled: false, expiresAt: NOW - 1 }, get, NOW).kind).toBe('disabled')
  })

  test.each([
    [301, 'method-not-allowed'],
    [302, 'method-not-allowed'],
    [307, 'redirect'],
    [308, 'redirect'],
  ] as const)('answers a POST to a %i link with %s', (status, kind) => {
    expect(decide({ ...link, status }, { ...get, method: 'POST' }, NOW).kind).toBe(kind)
  })

  test.each([
    ['https://e.com/', '?a=1', 'https://e.com/?a=1'],
    ['https://e.com/?x=2', '?a=1&b=%20', 'https://e.com/?x=2&a=1&b=%20'],
    ['https://e.com/?', '?a', 'https://e.com/?a'],
    ['https://e.com/p#top', '?a=1', 'https://e.com/p?a=1#top'],
    ['https://e.com/?x#a?b', '?a=1', 'https://e.com/?x&a=1#a?b'],
    ['https://e.com/', '?', 'https://e.com/'],
  ])('forwards the query: %s with %s is %s', (url, query, location) => {
    expect(decide({ ...link, url, forwardQuery: true }, { ...get, query }, NOW)).toMatchObject({ location })
  })

  test('takes a visitor nowhere who would come back to the same link', () => {
    const back = { ...link, url: 'https://h/x?again', forwardQuery: true }
    expect(decide(back, { ...get, query: '?a', url: 'http://h/x?a' }, NOW)).toEqual({ kind: 'loop' })
    expect(decide(back, { ...get, url: 'https://h/y' }, NOW).kind).toBe('redirect')
  })

  test('keeps the query to itself unless the link forwards it', () => {
    expect(decide(link, { ...get, query: '?a=1' }, NOW)).toMatchObject({ location: link.url })
  })
})

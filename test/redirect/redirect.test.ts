import { expect, test, vi } from 'vitest'
import type { Link } from '../../src/links/link.ts'
import { locateRequest } from '../../src/redirect/locate.ts'
import { redirectFromMemory } from '../../src/redirect/redirect.ts'

const link: Link = {
  id: '1',
  url: 'https://example.com/page',
  status: 302,
  enabled: true,
  expiresAt: null,
  forwardQuery: true,
  version: 1,
}

/** Redirects from a memory that holds `known`. */
function setUp(known: Link | null | undefined) {
  const record = vi.fn()
  const find = vi.fn()
  const services = {
    links: { peek: () => known, find },
    hits: { record, commit: async () => {}, state: () => ({ waitingLinks: 0, droppedHits: 0 }) },
    runtime: { now: Date.now, random: Math.random, sleep: async () => {}, background: () => {} },
  }
  const visit = (url: string, method = 'GET') =>
    redirectFromMemory(locateRequest(new Request(url, { method }), new Set()), services)
  return { visit, record, find }
}

test('a link in memory is redirected without a promise, by one response for all visitors', () => {
  const { visit, record, find } = setUp(link)
  const first = visit('https://h/x')
  expect(first?.headers.get('location')).toBe(link.url)
  expect(visit('https://h/x')).toBe(first)
  expect(record.mock.calls).toEqual([['1'], ['1']])
  expect(find).not.toHaveBeenCalled()
})

test('a forwarded query gets a response of its own', () => {
  const { visit } = setUp(link)
  expect(visit('https://h/x?a')?.headers.get('location')).toBe(`${link.url}?a`)
  expect(visit('https://h/x')?.headers.get('location')).toBe(link.url)
})

test('a HEAD is redirected from memory and not counted', () => {
  const { visit, record } = setUp(link)
  expect(visit('https://h/x', 'HEAD')?.status).toBe(302)
  expect(record).not.toHaveBeenCalled()
})

test.each([
  ['a link that memory does not know', undefined, 'https://h/x', 'GET'],
  ['a link that does not exist, which may have a fallback', null, 'https://h/x', 'GET'],
  ['a disabled link', { ...link, enabled: false }, 'https://h/x', 'GET'],
  ['an expired link', { ...link, expiresAt: 0 }, 'https://h/x', 'GET'],
  ['a method that the link does not take', link, 'https://h/x', 'POST'],
  ['a link that leads to itself', link, link.url, 'GET'],
  ['the root', link, 'https://h/', 'GET'],
  ['a path of the API', link, 'https://h/api/links', 'GET'],
])('%s is left to the app, uncounted', (_, known, url, method) => {
  const { visit, record } = setUp(known)
  expect(visit(url, method)).toBeUndefined()
  expect(record).not.toHaveBeenCalled()
})

import { expect, test, vi } from 'vitest'
import { DEFAULT_SETTINGS, type DomainSettings } from '../../src/links/domain-settings.ts'
import type { Link } from '../../src/links/link.ts'
import { locateRequest } from '../../src/redirect/locate.ts'
import { redirectFromMemory } from '../../src/redirect/redirect.ts'
import { sampleLink } from '../support/sample-link.ts'

const link = sampleLink({ forwardQuery: true })

/** Redirects from a memory that holds `known`, and `settings` of the domain. */
function setUp(known: Link | null | undefined, settings?: DomainSettings) {
  const record = vi.fn()
  const recordMiss = vi.fn()
  const find = vi.fn()
  const services = {
    links: { peek: () => known, find },
    settings: { peek: () => settings, find },
    hits: { record, recordMiss },
    runtime: { now: Date.now },
  }
  const visit = (url: string, method = 'GET', headers: Record<string, string> = {}) => {
    const request = new Request(url, { method, headers })
    return redirectFromMemory(locateRequest(request, new Set()), request, services)
  }
  return { visit, record, recordMiss, find }
}

test('a link in memory is redirected without a promise, by one response for all visitors', () => {
  const { visit, record, find } = setUp(link)
  const first = visit('https://h/x')
  expect(first?.headers.get('location')).toBe(link.url)
  expect(visit('https://h/x')).toBe(first)
  expect(record.mock.calls).toEqual([
    ['1', expect.any(Request)],
    ['1', expect.any(Request)],
  ])
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
  ['a link that memory does not know', undefined, 'https://h/x'],
  ['a link that does not exist, and may have a fallback that memory does not know', null, 'https://h/x'],
  ['a disabled link, which may have one too', { ...link, enabled: false }, 'https://h/x'],
  ['an expired link, which may have one too', { ...link, expiresAt: 0 }, 'https://h/x'],
  ['the root', link, 'https://h/'],
  ['a path of the API', link, 'https://h/api/links'],
])('%s is left to the app, uncounted', (_, known, url) => {
  const { visit, record, recordMiss } = setUp(known)
  expect(visit(url)).toBeUndefined()
  expect(record).not.toHaveBeenCalled()
  expect(recordMiss).not.toHaveBeenCalled()
})

test.each([
  ['a link that does not exist', null, 'https://h/x', 'GET', 404],
  ['a disabled link', { ...link, enabled: false }, 'https://h/x', 'GET', 404],
  ['an expired link', { ...link, expiresAt: 0 }, 'https://h/x', 'GET', 410],
  ['a method that the link does not take', link, 'https://h/x', 'POST', 405],
  ['a link that leads to itself', link, link.url, 'GET', 404],
])('%s is refused from memory, uncounted', (_, known, url, method, status) => {
  const { visit, record, find } = setUp(known, DEFAULT_SETTINGS)
  expect(visit(url, method)?.status).toBe(status)
  expect(record).not.toHaveBeenCalled()
  expect(find).not.toHaveBeenCalled()
})

test('a GET of a code that no link has is recorded as a miss, once', () => {
  const { visit, recordMiss } = setUp(null, DEFAULT_SETTINGS)
  visit('https://h/x')
  expect(recordMiss.mock.calls).toEqual([[{ domain: '*', code: 'x' }]])
})

test.each([
  ['a HEAD', 'https://h/x', 'HEAD', {}],
  ['a POST', 'https://h/x', 'POST', {}],
  ['a prefetch', 'https://h/x', 'GET', { 'Sec-Purpose': 'prefetch' }],
  ['a code that no link can have', 'https://h/..x!', 'GET', {}],
])('%s is no miss', (_, url, method, headers) => {
  const { visit, recordMiss } = setUp(null, DEFAULT_SETTINGS)
  visit(url, method, headers)
  expect(recordMiss).not.toHaveBeenCalled()
})

test('a fallback in memory is redirected to from memory, uncounted', () => {
  const { visit, record } = setUp(null, { ...DEFAULT_SETTINGS, notFoundUrl: 'https://example.com/lost' })
  expect(visit('https://h/x')?.headers.get('location')).toBe('https://example.com/lost')
  expect(record).not.toHaveBeenCalled()
})

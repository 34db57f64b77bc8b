import { describe, expect, test } from 'vitest'
import { locate } from '../../src/redirect/redirect.ts'

const domains = new Set(['go.example.com'])

describe('locate', () => {
  test.each([
    ['https://go.example.com/abc', 'go.example.com', 'abc', ''],
    ['https://go.example.com:8443/abc?x=1', 'go.example.com', 'abc', '?x=1'],
    ['https://go.example.com./abc', 'go.example.com', 'abc', ''],
    ['https://go.example.com.:8443/abc', 'go.example.com', 'abc', ''],
    ['https://other.example.com/abc', '*', 'abc', ''],
    ['http://[::1]:8787/abc', '*', 'abc', ''],
    ['https://h/a/b/c?x=/?', '*', 'a/b/c', '?x=/?'],
    ['https://h/%61b%63', '*', 'abc', ''],
    ['https://h/a%2Fb', '*', 'a/b', ''],
  ])('%s names domain %s, code %s, query %s', (url, domain, code, query) => {
    expect(locate(url, domains)).toEqual({ key: { domain, code }, query })
  })

  test.each([
    'https://h/',
    'https://h/?x',
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
    expect(locate(url, domains).key).toBeNull()
  })
})

import { describe, expect, test } from 'vitest'
import { parseDestination } from '../../src/links/destination.ts'

const parse = (text: string) => parseDestination(text, (host) => host === 'go.example.com')

describe('destinations', () => {
  test.each([
    ['https://example.com', 'https://example.com/'],
    ['HTTP://Example.com/a%20b?q=ü#f', 'http://example.com/a%20b?q=%C3%BC#f'],
    ['https://münchen.de/straße', 'https://xn--mnchen-3ya.de/stra%C3%9Fe'],
    ['https://go.example.com/', 'https://go.example.com/'],
    ['https://go.example.com/api/docs', 'https://go.example.com/api/docs'],
  ])('normalizes %s to ASCII', (text, url) => {
    expect(parse(text)).toEqual({ url })
  })

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.com',
    '//example.com',
    '/path',
    'example.com',
    'https://',
    'https:example.com',
    'https://user@example.com',
    'https://user:secret@example.com',
    'https://example.com/\r\nSet-Cookie: a=b',
    ' https://example.com',
    'https://example.com/\0',
    'https://go.example.com/abc',
    'https://GO.example.com:444/a/b?x',
    'https://go.example.com./abc',
    'https://example.com/\ud800',
    `https://example.com/${'a'.repeat(4096)}`,
    `https://example.com/${'ü'.repeat(1000)}`,
  ])('refuses %j', (text) => {
    expect(parse(text)).toHaveProperty('problem')
  })
})

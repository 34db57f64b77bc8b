import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { referrerOf } from '../../src/visits/referrer.ts'
import { expectFit, expectSoon, hostileText } from './hostile.ts'

const isOwnHost = (host: string): boolean => host === 'go.example.com'

describe('the referrer', () => {
  test.each([
    ['https://news.example.org/a?b#c', 'news.example.org'],
    ['http://WWW.Example.org:8080/', 'example.org'],
    ['https://user:secret@example.org./', 'example.org'],
    ['https://www.com/', 'www.com'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://google.com', 'google.com'],
    ['android-app://com.google.android.gm/', 'com.google.android.gm'],
    ['android-app://com.google.android.googlequicksearchbox', 'com.google.android.googlequicksearchbox'],
  ])('of %s is %s', (header, host) => {
    expect(referrerOf(header, isOwnHost)).toBe(host)
  })

  test.each([
    null,
    '',
    'https://go.example.com/a',
    'https://GO.example.com.:8443/a',
    'http://203.0.113.7/',
    'http://0x7f.1/',
    'http://[2001:db8::1]/',
    'http://localhost:3000/',
    'http://app.localhost/',
    'http://printer.local/',
    'http://wiki.internal/',
    'http://nas.home.arpa/',
    'http://intranet/',
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.org/',
    'android-app://x/',
    'android-app://../',
    'https://exa\tmple.org/',
    'https://example.org/\n',
    'https://*/',
    'https://*.example.org/',
    'https://%00.example.org/',
    'https://',
    'example.org',
    'about:blank',
  ])('of %j is none', (header) => {
    expect(referrerOf(header, isOwnHost)).toBe('')
  })

  test('that is long keeps the end of the host, by whole labels', () => {
    const label = 'x'.repeat(40)
    expect(referrerOf(`https://${label}.${label}.example.org/`, isOwnHost)).toBe(`${label}.example.org`)
    const longest = referrerOf(`https://${'y'.repeat(63)}.example/`, isOwnHost)
    expect(longest).toBe(`${'y'.repeat(56)}.example`)
  })

  test('of 10 KB is known by its host', () => {
    expect(referrerOf(`https://example.org/${'a/'.repeat(5_000)}`, isOwnHost)).toBe('example.org')
    expect(referrerOf(`https://${'a.'.repeat(5_000)}example.org/`, isOwnHost)).toBe('')
  })

  test('is fit for a line, whatever was sent', () => {
    fc.assert(
      fc.property(
        hostileText('https://', 'http://www.', 'android-app://', 'a.', '.', '-', ':', '@', '/', '[::1]'),
        (header) => expectSoon(() => expectFit(referrerOf(header, isOwnHost))),
      ),
    )
  })
})

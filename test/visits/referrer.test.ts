import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostOfReferrer, referrerOf } from '../../src/visits/referrer.ts'
import { expectFit, expectSoon, hostileText } from './hostile.ts'

const referrer = (header: string): string =>
  referrerOf(hostOfReferrer(header), (host) => host === 'go.example.com')

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
    expect(referrer(header)).toBe(host)
  })

  test.each([
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
    expect(referrer(header)).toBe('')
  })

  test('that is long keeps the end of the host, by whole labels', () => {
    const label = 'x'.repeat(40)
    expect(referrer(`https://${label}.${label}.example.org/`)).toBe(`${label}.example.org`)
    const longest = referrer(`https://${'y'.repeat(63)}.example/`)
    expect(longest).toBe(`${'y'.repeat(56)}.example`)
  })

  test('of 10 KB is known by its host', () => {
    expect(referrer(`https://example.org/${'a/'.repeat(5_000)}`)).toBe('example.org')
    expect(referrer(`https://${'a.'.repeat(5_000)}example.org/`)).toBe('')
  })

  test('is fit for a line, whatever was sent', () => {
    fc.assert(
      fc.property(
        hostileText('https://', 'http://www.', 'android-app://', 'a.', '.', '-', ':', '@', '/', '[::1]'),
        (header) => expectSoon(() => expectFit(referrer(header))),
      ),
    )
  })
})

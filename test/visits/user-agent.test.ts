import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadUserAgents } from '../../src/visits/user-agent.ts'
import { DEVICES } from '../../src/visits/visit.ts'
import { expectFit, expectSoon, hostileText } from './hostile.ts'

const describeAgent = await loadUserAgents()

const CHROME = '(KHTML, like Gecko) Chrome/142.0.0.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

describe('a user agent', () => {
  test.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 ${CHROME} Safari/537.36`,
      'desktop',
      'Chrome',
      'Windows',
    ],
    [
      `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 ${CHROME} Safari/537.36 Edg/142.0.0.0`,
      'desktop',
      'Microsoft Edge',
      'Linux',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0',
      'desktop',
      'Firefox',
      'macOS',
    ],
    [`${IPHONE} Version/26.0 Mobile/15E148 Safari/604.1`, 'mobile', 'Safari', 'iOS'],
    [
      `Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 ${CHROME} Mobile Safari/537.36`,
      'mobile',
      'Chrome',
      'Android',
    ],
    [
      'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
      'tablet',
      'Safari',
      'iOS',
    ],
    [
      'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager',
      'tv',
      'WebOS Browser',
      'WebOS',
    ],
  ])('%s is a person on %s with %s on %s', (userAgent, device, browser, os) => {
    expect(describeAgent(userAgent)).toEqual({ isBot: false, device, browser, os })
  })

  test.each([
    null,
    '',
    'curl/8.14.1',
    'node',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ChatGPT-User/1.0; +https://openai.com/bot)',
    'WhatsApp/2.23.20.0',
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36`,
  ])('%j is a bot', (userAgent) => {
    expect(describeAgent(userAgent).isBot).toBe(true)
  })

  test('that no one knows leaves nothing of its text', () => {
    const agent = describeAgent('Mozilla/5.0 (Fridge; secret-of-a-visitor) Unheard/1.0 Of/2.0 (like nothing)')
    expect(JSON.stringify(agent)).not.toMatch(/secret|Fridge|Unheard/)
    expect(agent).toMatchObject({ device: 'other', browser: '', os: '' })
  })

  test('of 8 KB is known by its beginning', () => {
    const known = `${IPHONE} Version/26.0 Mobile/15E148 Safari/604.1`
    expect(describeAgent(`${known} ${'Padding/1.0 '.repeat(700)}`)).toEqual(describeAgent(known))
  })

  test('means the same again, however many were seen in between', () => {
    const known = `${IPHONE} Version/26.0 Mobile/15E148 Safari/604.1`
    const first = describeAgent(known)
    expect(describeAgent(known)).toBe(first)
    for (let i = 0; i < 3_000; i++) describeAgent(`${known} x${i}`)
    expect(describeAgent(known)).toEqual(first)
  })

  test('is fit for a line, whatever was sent', () => {
    fc.assert(
      fc.property(
        hostileText(
          'Mozilla/5.0 (',
          ') AppleWebKit/537.36 ',
          'Chrome/',
          'Version/1_',
          ' ',
          ';',
          '/',
          '1.',
          'a.',
          'bot',
        ),
        (header) =>
          expectSoon(() => {
            const { device, browser, os } = describeAgent(header)
            expect(DEVICES).toContain(device)
            expectFit(browser)
            expectFit(os)
          }),
      ),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS } from '../../src/links/domain-settings.ts'
import { createVisitDescriber, type VisitContext } from '../../src/visits/describe-visit.ts'
import { loadUserAgents } from '../../src/visits/user-agent.ts'
import { DIMENSION_NAMES } from '../../src/visits/visit.ts'
import { createVisitLines, parseVisitLines } from '../../src/visits/visit-lines.ts'
import { expectFit, hostileText } from './hostile.ts'
import { FIREFOX, visitRequest } from './visit-request.ts'

const describeVisit = createVisitDescriber(await loadUserAgents())
const context: VisitContext = {
  settings: DEFAULT_SETTINGS,
  visitorKey: Uint32Array.of(1, 2, 3, 4),
  isOwnHost: (host) => host === 'go.example.com',
}
const CF = { continent: 'EU', region: 'Styria', city: 'Graz', asn: 64496 }

describe('a visit', () => {
  test('is described by its headers and its query', () => {
    const request = visitRequest({
      url: 'https://go.example.com/spring?utm_source=mail&qr=1',
      headers: { Referer: 'https://www.example.org/page', 'Accept-Language': 'de-AT,de;q=0.9' },
      cf: CF,
    })
    expect(describeVisit(request, context)).toEqual({
      isBot: false,
      visitor: expect.any(Number),
      values: {
        ...{ country: 'AT', referrer: 'example.org', device: 'desktop', browser: 'Firefox', os: 'Windows' },
        ...{ language: 'de-AT', variant: '', utmSource: 'mail', utmMedium: '', utmCampaign: '', qr: '1' },
        ...{ continent: '', region: '', city: '', asn: '' },
      },
    })
  })

  test('tells the geography only if the settings ask, and otherwise costs the platform nothing', () => {
    let reads = 0
    const request = Object.defineProperty({ ...visitRequest({}) }, 'cf', {
      get() {
        reads++
        return CF
      },
    })
    expect(describeVisit(request, context).values).toMatchObject({ continent: '', city: '', asn: '' })
    expect(reads).toBe(0)
    const settings = { ...DEFAULT_SETTINGS, geography: true }
    const geography = { ...CF, asn: '64496' }
    expect(describeVisit(request, { ...context, settings }).values).toMatchObject(geography)
  })

  test('of a bot tells its country and nothing else', () => {
    const headers = {
      'User-Agent': 'Googlebot/2.1',
      Referer: 'https://example.org/',
      'Accept-Language': 'en',
    }
    const { isBot, visitor, values } = describeVisit(visitRequest({ headers }), context)
    expect([isBot, visitor]).toEqual([true, null])
    expect(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))).toEqual({
      country: 'AT',
    })
    expect(Object.keys(values).sort()).toEqual([...DIMENSION_NAMES].sort())
  })

  test('of a bot that only the platform knows is a bot where the platform is asked', () => {
    const request = visitRequest({ cf: { ...CF, verifiedBotCategory: 'Monitoring & Analytics' } })
    const settings = { ...DEFAULT_SETTINGS, geography: true }
    expect(describeVisit(request, { ...context, settings }).isBot).toBe(true)
    expect(describeVisit(request, context).isBot).toBe(false)
  })

  test.each([{ 'Sec-GPC': '1' }, { DNT: '1' }])(
    'with %j has no visitor, unless the settings say so',
    (headers) => {
      const request = visitRequest({ headers })
      expect(describeVisit(request, context).visitor).toBeNull()
      const settings = { ...DEFAULT_SETTINGS, respectsOptOut: false }
      expect(describeVisit(request, { ...context, settings }).visitor).not.toBeNull()
      expect(describeVisit(request, context).values.country).toBe('AT')
    },
  )

  test('has no visitor without a key', () => {
    expect(describeVisit(visitRequest({}), { ...context, visitorKey: null }).visitor).toBeNull()
  })

  test('keeps neither address nor user agent', () => {
    const headers = { 'CF-Connecting-IP': '203.0.113.77', 'User-Agent': `${FIREFOX} secret/203.0.113.77` }
    const lines = createVisitLines()
    lines.add({ linkId: '1', at: 1_800_000_000, ...describeVisit(visitRequest({ headers }), context) })
    expect(lines.encode()).toMatch(/^1\t/)
    expect(lines.encode()).not.toMatch(/203\.0\.113|secret|Mozilla|Gecko/)
  })

  test('is a line that Postgres takes, whatever was sent', () => {
    const text = hostileText('https://', 'Mozilla/5.0 (', 'de;q=', 'DE', '?utm_source=', '203.0.113.7')
    const settings = { ...DEFAULT_SETTINGS, geography: true }
    fc.assert(
      fc.property(
        fc.record({ referrer: text, agent: text, language: text, country: text, query: text, city: text }),
        (sent) => {
          const headers = new Map([
            ['Referer', sent.referrer],
            ['User-Agent', sent.agent],
            ['Accept-Language', sent.language],
            ['CF-IPCountry', sent.country],
            ['CF-Connecting-IP', sent.city],
          ])
          // `Headers` would refuse most of it.
          const request = {
            headers: { get: (name: string) => headers.get(name) ?? null } as Headers,
            url: `https://go.example.com/a?${sent.query}`,
            cf: { city: sent.city, region: sent.referrer, continent: sent.country } as never,
          }
          const visit = describeVisit(request, { ...context, settings })
          for (const value of Object.values(visit.values)) expectFit(value)
          const lines = createVisitLines()
          lines.add({ linkId: '1', at: 1_800_000_000, ...visit })
          expect(parseVisitLines(lines.encode(), 1_800_000_000_000)).toMatchObject({
            visits: { length: 1 },
            corrupt: 0,
          })
        },
      ),
    )
  })
})

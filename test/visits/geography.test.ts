import fc from 'fast-check'
import { expect, test } from 'vitest'
import { geographyOf, isVerifiedBot, NO_GEOGRAPHY } from '../../src/visits/geography.ts'
import { expectFit, hostileText } from './hostile.ts'

test('the platform tells the geography', () => {
  const cf = { continent: 'EU', region: 'Styria', city: 'Graz', asn: 64496, country: 'AT' }
  expect(geographyOf(cf)).toEqual({ continent: 'EU', region: 'Styria', city: 'Graz', asn: '64496' })
})

test.each([
  undefined,
  null,
  {},
  'EU',
  { continent: 'Europe', region: 7, city: null, asn: '64496' },
  { asn: 0.5 },
  { asn: -1 },
])('of %j there is none', (cf) => {
  expect(geographyOf(cf)).toEqual(NO_GEOGRAPHY)
})

test('is fit for a line, whatever it is', () => {
  const text = hostileText('EU', 'Graz')
  const cf = fc.record({
    continent: text,
    region: text,
    city: text,
    asn: fc.oneof(fc.double(), fc.maxSafeNat()),
  })
  fc.assert(
    fc.property(cf, (fields) => {
      for (const value of Object.values(geographyOf(fields))) expectFit(value)
    }),
  )
})

test.each([
  [{ verifiedBotCategory: 'Search Engine Crawler' }, true],
  [{ verifiedBotCategory: '' }, false],
  [{}, false],
  [undefined, false],
])('%j is a verified bot: %s', (cf, isBot) => {
  expect(isVerifiedBot(cf)).toBe(isBot)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countryOf } from '../../src/visits/country.ts'

test.each([
  ['DE', 'DE'],
  ['T1', 'T1'],
  ['XX', 'XX'],
  ['de', 'XX'],
  ['DEU', 'XX'],
  ['D', 'XX'],
  ['T2', 'XX'],
  ['D\tE', 'XX'],
  ['DE\n', 'XX'],
  ['ÄÖ', 'XX'],
  ['', 'XX'],
  [null, 'XX'],
])('CF-IPCountry: %j means %s', (header, country) => {
  expect(countryOf(header)).toBe(country)
})

test('is always two characters, whatever is forged', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => /^[A-Z][A-Z1]$/.test(countryOf(header))))
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { languageOf } from '../../src/visits/language.ts'
import { expectFit, expectSoon, hostileText } from './hostile.ts'

describe('the language', () => {
  test.each([
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.5', 'de-AT'],
    ['DE-at', 'de-AT'],
    ['en;q=0.5, fr;q=0.8', 'fr'],
    ['en;q=0.8, fr;q=0.8', 'en'],
    ['en;q=0, fr;q=0.001', 'fr'],
    ['*;q=2, fr', 'fr'],
    ['en;q=1.5, fr;q=0.1', 'fr'],
    ['en;q=1.0001, fr', 'fr'],
    ['en;Q=0.3 , fr ; q=0.4', 'fr'],
    ['zh-Hant-TW', 'zh-TW'],
    ['es-419', 'es-419'],
    ['sl-rozaj', 'sl'],
    ['gsw-CH-1996', 'gsw-CH'],
    ['en-US-x-private', 'en-US'],
    ['*, pt-BR;q=0.5', 'pt-BR'],
    ['en_US, it', 'it'],
    ['i-klingon, x-pig, it', 'it'],
    ['en;level=1;q=1, it;q=0.2', 'it'],
    [', ,it', 'it'],
  ])('of %j is %s', (header, language) => {
    expect(languageOf(header)).toBe(language)
  })

  test.each(['', '*', '*;q=2', 'en;q=0', 'en;q=', 'en;q=x', '-', 'e', ';q=1', 'en\t-US'])(
    'of %j is none',
    (header) => {
      expect(languageOf(header)).toBe('')
    },
  )

  test('that a cut would change does not count', () => {
    const header = `${'fr;q=0.5,  '.repeat(3)}${' '.repeat(512 - 33 - 5)}en-US-and-more-than-the-bound`
    expect(header.slice(0, 512)).toMatch(/en-US$/)
    expect(languageOf(header)).toBe('fr')
  })

  test('is fit for a line, whatever was sent', () => {
    fc.assert(
      fc.property(
        hostileText('de', 'de-', '-AT', ',', ';q=', ';q=0.', '1', 'zh-Hant', ' ', '*;q=2'),
        (header) =>
          expectSoon(() => {
            const language = languageOf(header)
            expectFit(language)
            expect(language).toMatch(/^(?:[a-z]{2,3}(?:-(?:[A-Z]{2}|\d{3}))?)?$/)
          }),
      ),
    )
  })
})

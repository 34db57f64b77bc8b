import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FOLDED, NO_VALUES, type Visit, type VisitValues } from '../../src/visits/visit.ts'
import { createVisitLines, parseVisitLines } from '../../src/visits/visit-lines.ts'

const NOW = Date.UTC(2026, 10, 28, 12)
const at = NOW / 1_000

const visit = (given: Partial<Visit> = {}, values: Partial<VisitValues> = {}): Visit => ({
  ...{ linkId: '7', at, isBot: false, visitor: 0xc0ffee, values: { ...NO_VALUES, ...values } },
  ...given,
})

function linesOf(visits: readonly Visit[]) {
  const lines = createVisitLines()
  for (const one of visits) lines.add(one)
  return lines
}

const fields = (line = ''): readonly string[] => line.split('\t')
const hitsIn = (lines: readonly string[]): number =>
  lines.reduce((sum, line) => sum + Number(fields(line).at(-2)), 0)

describe('visit lines', () => {
  test('hold visits that are alike in one line, with the second and the visitor of each', () => {
    const lines = linesOf([visit(), visit({ at: at + 61, visitor: null }), visit({}, { country: 'DE' })])
    const { visits, corrupt } = parseVisitLines(lines.encode(), NOW)
    expect(visits.map((line) => fields(line).slice(-2))).toEqual([
      ['2', '0:00c0ffee,61'],
      ['1', '0:00c0ffee'],
    ])
    expect(corrupt).toBe(0)
  })

  test('are text that any JSON parser takes, whatever Redis returns', () => {
    const text = linesOf([visit({}, { referrer: 'half \ud83d' })]).encode()
    const { visits } = parseVisitLines(text, NOW)
    expect(visits).toHaveLength(1)
    expect(visits[0]?.isWellFormed()).toBe(true)
  })

  test('of bots, of another quarter of an hour and of another link are lines of their own', () => {
    const lines = linesOf([visit(), visit({ isBot: true }), visit({ at: at + 900 }), visit({ linkId: '8' })])
    expect(lines.lines.size).toBe(4)
  })

  test('fold the rarest values beyond their bound, and lose no hit', () => {
    const spam = Array.from({ length: 20_000 }, (_, i) => visit({}, { referrer: `spam-${i}.example` }))
    const common = Array.from({ length: 50 }, () => visit({}, { referrer: 'common.example' }))
    const text = linesOf([...spam, ...common]).encode()
    expect(text.length).toBeLessThan(64 * 1024)
    const { visits } = parseVisitLines(text, NOW)
    expect(hitsIn(visits)).toBe(20_050)
    expect(visits.some((line) => fields(line).includes(FOLDED))).toBe(true)
  })

  test('keep common values when rare ones are folded', () => {
    const rare = Array.from({ length: 300 }, (_, i) => visit({}, { referrer: `rare-${i}.example` }))
    const common = Array.from({ length: 20 }, () => visit({}, { referrer: 'common.example' }))
    const text = linesOf([...rare, ...common]).encode(16_000)
    expect(text).toContain('common.example')
    expect(hitsIn(parseVisitLines(text, NOW).visits)).toBe(320)
  })

  test('leave out what does not even fit without values', () => {
    const visits = Array.from({ length: 1_000 }, (_, i) => visit({ linkId: `${i}` }))
    const lines = linesOf(visits)
    lines.addMiss({ domain: '*', code: 'nothing', at })
    expect(parseVisitLines(lines.encode(1_000), NOW)).toMatchObject({
      visits: [],
      misses: [expect.any(String)],
    })
  })

  test('take in what another one has gathered', () => {
    const [one, other] = [linesOf([visit()]), linesOf([visit(), visit({ linkId: '8' })])]
    other.addMiss({ domain: '*', code: 'nothing', at })
    one.merge(other)
    expect(hitsIn(parseVisitLines(one.encode(), NOW).visits)).toBe(3)
    expect(other.lines.get([...other.lines.keys()][0] ?? '')?.hits).toBe(1)
    expect(one.misses.size).toBe(1)
  })

  test('sum missed codes beyond their bound', () => {
    const lines = createVisitLines()
    for (let i = 0; i < 1_000; i++) lines.addMiss({ domain: 'go.example', code: `code-${i}`, at })
    const { misses } = parseVisitLines(lines.encode(), NOW)
    expect(misses).toHaveLength(201)
    expect(fields(misses.at(-1)).slice(3)).toEqual([FOLDED, '800'])
  })

  test('are read back whatever the values are, and anything else is counted as corrupt', () => {
    const value = fc.string({ maxLength: 64, unit: 'binary' }).map((text) => text.replace(/[\t\n\r\0]/g, ''))
    fc.assert(
      fc.property(value, value, fc.string(), (referrer, city, junk) => {
        const text = linesOf([
          visit({}, { referrer: referrer.slice(0, 64), city: city.slice(0, 64) }),
        ]).encode()
        expect(parseVisitLines(text, NOW)).toMatchObject({ visits: [text.slice(0, -1)], corrupt: 0 })
        const { visits, misses, corrupt } = parseVisitLines(`${text}${junk}`, NOW)
        expect(visits.length).toBe(1)
        expect(misses.length + corrupt).toBe(junk.split('\n').filter(Boolean).length)
      }),
    )
  })

  test.for([
    ['a visit of next week', visit({ at: at + 7 * 86_400 })],
    ['a visit of last year', visit({ at: at - 365 * 86_400 })],
  ] as const)('do not hold %s', ([, late]) => {
    expect(parseVisitLines(linesOf([late]).encode(), NOW)).toMatchObject({ visits: [], corrupt: 1 })
  })

  test.for([
    ['more entries than hits', '7\t1961312\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t1\t0,1'],
    ['no hits', '7\t1961312\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t0\t'],
    ['a long text of digits', `7\t1961312\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t9\t${'1'.repeat(50_000)}`],
  ])('do not hold %s', ([, line = '']) => {
    expect(parseVisitLines(line, NOW)).toEqual({ visits: [], misses: [], corrupt: 1 })
  })
})

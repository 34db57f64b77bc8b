import fc from 'fast-check'
import { expect } from 'vitest'
import { FOLDED, MAX_VALUE_LENGTH } from '../../src/visits/visit.ts'

/** What strangers put into headers and queries: too long, unprintable, half encoded, or close to what is valid. */
export function hostileText(...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(
      ...pieces,
      '*',
      '\t',
      '\n',
      '\0',
      '\u2028',
      '\ud83d',
      '\udc00',
      '😀',
      '%',
      '%0',
      '%00',
      '%ff',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ maxLength: 20 }),
  )
  const repeated = fc
    .tuple(piece, fc.integer({ min: 1, max: 4_000 }))
    .map(([text, times]) => text.repeat(times))
  return fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
    fc.tuple(fc.constantFrom(...pieces), repeated, piece).map((all) => all.join('').slice(0, 10_000)),
  )
}

/** That a line of visits can hold it: see visit-lines.ts. */
export function expectFit(value: string): void {
  expect(value.length).toBeLessThanOrEqual(MAX_VALUE_LENGTH)
  expect(value).not.toMatch(/[\p{Cc}\p{Cs}]/u)
  expect(value).not.toBe(FOLDED)
}

/** Far more than any text needs, and far less than a pattern takes that tries all ways. */
const MAX_MS = 250

/** The machine may be busy: of three times the shortest counts. */
export function expectSoon(work: () => void): void {
  let shortestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3 && shortestMs >= MAX_MS; i++) {
    const startedAt = performance.now()
    work()
    shortestMs = Math.min(shortestMs, performance.now() - startedAt)
  }
  expect(shortestMs).toBeLessThan(MAX_MS)
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toValue } from '../../src/visits/value.ts'
import { expectFit, hostileText } from './hostile.ts'

test.each([
  ['Graz', 'Graz'],
  ['  São Paulo ', 'São Paulo'],
  ['a\tb\r\nc\0d\u0085e', 'abcde'],
  ['a\u2028b\u2029c', 'abc'],
  ['a\ud83db', 'ab'],
  ['*', ''],
  ['\t*\n', ''],
  ['**', '**'],
  ['x'.repeat(65), 'x'.repeat(64)],
  [`${'x'.repeat(63)}😀`, 'x'.repeat(63)],
  [`${'x'.repeat(62)}😀y`, `${'x'.repeat(62)}😀`],
  [`${'x'.repeat(63)} y`, 'x'.repeat(63)],
  ['', ''],
])('%j becomes %j', (text, value) => {
  expect(toValue(text)).toBe(value)
})

test('every text becomes one that a line can hold, and stays it', () => {
  fc.assert(
    fc.property(hostileText(' ', 'x'), (text) => {
      const value = toValue(text)
      expectFit(value)
      expect(toValue(value)).toBe(value)
    }),
  )
})

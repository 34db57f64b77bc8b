import { expect, test } from 'vitest'
import { columnsOf, shorten } from '../../src/cli/terminal/shorten.ts'

test.each([
  ['abc', 3],
  ['日本', 4],
  ['👨‍👩‍👧', 2],
  ['e\u0301', 1],
])('%s takes %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns)
})

test('a text is cut to its columns, never within a character', () => {
  expect(shorten('abcdef', 6)).toBe('abcdef')
  expect(shorten('abcdefg', 6)).toBe('abcde…')
  expect(shorten('日本語', 4)).toBe('日…')
  expect(shorten('ab👨‍👩‍👧cd', 5)).toBe('ab👨‍👩‍👧…')
  expect(shorten('ab👨‍👩‍👧cd', 4)).toBe('ab…')
})

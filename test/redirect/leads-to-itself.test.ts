import { expect, test } from 'vitest'
import { leadsToItself } from '../../src/redirect/leads-to-itself.ts'

test.each([
  ['https://h/x', 'https://h/x', true],
  ['http://h/x', 'https://h/x', true],
  ['https://h/x?a=1', 'https://h/x', true],
  ['https://h/x', 'https://h/x?a=1#top', true],
  ['https://h/', 'https://h/', true],
  ['https://h:8787/x', 'https://h/x', false],
  ['https://h/x', 'https://h/xy', false],
  ['https://h/xy', 'https://h/x', false],
  ['https://h/x', 'https://h2/x', false],
  ['https://h/x?u=https://h/y', 'https://h/y', false],
])('a redirect from %s to %s comes back: %s', (from, to, expected) => {
  expect(leadsToItself(from, to)).toBe(expected)
})

import { expect, test } from 'vitest'
import { memoized } from '../../src/visits/memoized.ts'

function counted() {
  const calls: string[] = []
  const upper = memoized(
    (text) => {
      calls.push(text)
      return text.toUpperCase()
    },
    { maxEntries: 3, maxLength: 5 },
  )
  return { calls, upper }
}

test('the same text is parsed once, the empty one too', () => {
  const { calls, upper } = counted()
  expect(['a', 'a', '', ''].map(upper)).toEqual(['A', 'A', '', ''])
  expect(calls).toEqual(['a', ''])
})

test('a long text is parsed each time, and a number of texts are remembered', () => {
  const { calls, upper } = counted()
  for (const text of ['longer', 'longer', 'a', 'b', 'c', 'd', 'a', 'b', 'c', 'd']) upper(text)
  expect(calls.filter((text) => text === 'longer')).toHaveLength(2)
  expect(calls.length).toBeGreaterThan(6)
})

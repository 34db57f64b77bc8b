import { expect, test } from 'vitest'
import { parseSegment } from '../../src/redis/scripts/hit-segment.ts'

test('a segment leaves out counters that are malformed, or too large for sums of them to be counted', () => {
  const fields = ['1', '3', '2', '1000000000000', '3', '9007199254740991', '4', '-1', '5', 'x', 'six', '6']
  const { hits, newestBatches } = parseSegment(['id', [...fields, '@isolate', '1795889628244'], null])
  expect([...hits]).toEqual([
    ['1', 3],
    ['2', 1e12],
  ])
  expect(newestBatches).toEqual(['isolate-1795889628244'])
})

import { describe, expect, test } from 'vitest'
import { createVisitorKeys } from '../../src/visits/visitor-keys.ts'

const KEY = '0123456789abcdeffedcba9876543210'

function keysFrom(answers: readonly (string | Error)[]) {
  const asked: number[] = []
  const keys = createVisitorKeys({
    async keyOf(day) {
      const answer = answers[asked.length] ?? KEY
      asked.push(day)
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { keys, asked }
}

describe("the keys of visitors' numbers", () => {
  test('are asked for once a day', async () => {
    const { keys, asked } = keysFrom([])
    expect(keys.peek(20_000)).toBeNull()
    await keys.fetch(20_000)
    await keys.fetch(20_000)
    await keys.fetch(20_001)
    expect(asked).toEqual([20_000, 20_001])
    expect(keys.peek(20_000)).toEqual(Uint32Array.of(0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210))
  })

  test('of more than two days are not kept', async () => {
    const { keys } = keysFrom([])
    for (const day of [20_000, 20_001, 20_002]) await keys.fetch(day)
    expect([20_000, 20_001, 20_002].map((day) => keys.peek(day) !== null)).toEqual([false, true, true])
  })

  test.each([new Error('Redis is down'), '', 'x'.repeat(32), KEY.slice(1), KEY.toUpperCase()])(
    'are asked for again after %s',
    async (answer) => {
      const { keys, asked } = keysFrom([answer, KEY])
      await keys.fetch(20_000)
      expect(keys.peek(20_000)).toBeNull()
      await keys.fetch(20_000)
      expect(keys.peek(20_000)).not.toBeNull()
      expect(asked).toHaveLength(2)
    },
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeCursor, encodeCursor, type ListedQuery } from '../../src/api/cursor.ts'

const query: ListedQuery = { filter: { tags: ['a'] }, sort: 'hits', order: 'desc' }
const position = { key: '42', id: '7' }

describe('a cursor', () => {
  test('leads back to its position, and fits into a URL', async () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String)
    await fc.assert(
      fc.asyncProperty(digits, digits, async (key, id) => {
        const cursor = await encodeCursor({ key, id }, query)
        expect(cursor).toMatch(/^[\w-]+$/)
        expect(await decodeCursor(cursor, query)).toEqual({ key, id })
      }),
    )
  })

  test.each<Partial<ListedQuery>>([
    { filter: {} },
    { filter: { tags: ['a', 'b'] } },
    { filter: { tags: ['a'], domains: ['*'] } },
    { order: 'asc' },
    { sort: 'createdAt' },
  ])('is of no use for another query: %j', async (other) => {
    const cursor = await encodeCursor(position, query)
    await expect(decodeCursor(cursor, { ...query, ...other })).rejects.toMatchObject({
      code: 'invalid_cursor',
    })
  })

  test('that nobody gave out is refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.base64String(), fc.json().map(btoaOrNothing)),
        async (made) => {
          await expect(decodeCursor(made, query)).rejects.toMatchObject({ code: 'invalid_cursor' })
        },
      ),
    )
  })
})

function btoaOrNothing(text: string): string {
  try {
    return btoa(text)
  } catch {
    return ''
  }
}

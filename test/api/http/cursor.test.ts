import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCursors } from '../../../src/api/http/cursor.ts'
import { identifyList, type ListedQuery } from '../../../src/api/routes/link-request.ts'

const cursors = createCursors('postgresql://owner:secret@host/linkr', identifyList)
const query: ListedQuery = { filter: { tags: ['a'] }, sort: 'hits', order: 'desc' }
const position = { key: '42', id: '7' }
const refused = { code: 'invalid_cursor' }

describe('a cursor', () => {
  test('leads back to its position, and fits into a URL', async () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }).map(String)
    await fc.assert(
      fc.asyncProperty(digits, digits, async (key, id) => {
        const cursor = await cursors.encode({ key, id }, query)
        expect(cursor).toMatch(/^[\w.-]{1,512}$/)
        expect(await cursors.decode(cursor, query)).toEqual({ key, id })
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
    const cursor = await cursors.encode(position, query)
    await expect(cursors.decode(cursor, { ...query, ...other })).rejects.toMatchObject(refused)
  })

  test('that the API did not issue is refused, whatever it is', async () => {
    const made = fc.oneof(fc.string(), fc.base64String(), fc.json().map(btoaOrNothing))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          made,
          fc.tuple(made, made).map((parts) => parts.join('.')),
        ),
        async (cursor) => {
          await expect(cursors.decode(cursor, query)).rejects.toMatchObject(refused)
        },
      ),
    )
  })

  test.each(['2030-02-30T00:00:00.000000Z', '0000-01-01T00:00:00.000000Z', '2031-01-01T00:00:00.000000Z'])(
    'that was rewritten to %s is refused',
    async (key) => {
      const byTime: ListedQuery = { ...query, sort: 'createdAt' }
      const cursor = await cursors.encode({ key: '2030-01-01T00:00:00.000000Z', id: '7' }, byTime)
      const [payload = '', signature] = cursor.split('.')
      const rewritten = atob(payload).replace('2030-01-01T00:00:00.000000Z', key)
      await expect(cursors.decode(`${btoa(rewritten)}.${signature}`, byTime)).rejects.toMatchObject(refused)
      await expect(cursors.decode(btoa(rewritten), byTime)).rejects.toMatchObject(refused)
    },
  )

  test('of another installation is refused', async () => {
    const cursor = await createCursors('another secret', identifyList).encode(position, query)
    await expect(cursors.decode(cursor, query)).rejects.toMatchObject(refused)
  })
})

function btoaOrNothing(text: string): string {
  try {
    return btoa(text)
  } catch {
    return ''
  }
}

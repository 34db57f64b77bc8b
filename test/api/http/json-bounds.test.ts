import fc from 'fast-check'
import { expect, test } from 'vitest'
import { brokenBound } from '../../../src/api/http/json-bounds.ts'

const LOOSE = { maxDepth: 1_000, maxItems: 1_000_000 }

/** What the bounds are about, measured on the value. */
function measure(value: unknown): { readonly depth: number; readonly items: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, items: 0 }
  const inner = Object.values(value).map(measure)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    // An empty list counts as one.
    items: Math.max(inner.length, 1) + inner.reduce((sum, { items }) => sum + items, 0),
  }
}

test('the depth and the items of a JSON text are those of its value, whatever its strings hold', () => {
  const text = fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ',', ']', 'a', '\n') })
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const json = JSON.stringify(value, null, 1)
      const { depth, items } = measure(value)
      expect(brokenBound(json, { maxDepth: depth, maxItems: items })).toBeNull()
      if (depth > 0) expect(brokenBound(json, { ...LOOSE, maxDepth: depth - 1 })).toBe('maxDepth')
      if (items > 0) expect(brokenBound(json, { ...LOOSE, maxItems: items - 1 })).toBe('maxItems')
    }),
  )
})

test('what is no JSON has an end too', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      brokenBound(text, LOOSE)
    }),
  )
  expect(brokenBound(`"${'\\'.repeat(1_000_000)}`, LOOSE)).toBeNull()
  expect(brokenBound('['.repeat(4_000_000), { maxDepth: 32, maxItems: 100 })).toBe('maxDepth')
})

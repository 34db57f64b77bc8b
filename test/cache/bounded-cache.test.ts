import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BoundedCache } from '../../src/cache/bounded-cache.ts'

const cacheOf = (maxEntries: number, maxBytes = Number.POSITIVE_INFINITY) =>
  new BoundedCache<string>({ maxEntries, maxBytes, bytesOf: (_key, value) => value.length })

describe('bounded cache', () => {
  test('forgets what was not read since the hand last came by', () => {
    const cache = cacheOf(3)
    for (const key of ['a', 'b', 'c']) cache.set(key, key)
    cache.get('a')
    cache.set('d', 'd')
    expect(['a', 'b', 'c', 'd'].map((key) => cache.peek(key))).toEqual(['a', undefined, 'c', 'd'])
  })

  test('a scan of 100,000 keys passes through without driving out what is in use', () => {
    const cache = cacheOf(1_000)
    for (let i = 0; i < 500; i++) cache.set(`hot${i}`, 'x')
    for (let i = 0; i < 100_000; i++) {
      if (i % 100 === 0) for (let hot = 0; hot < 500; hot++) cache.get(`hot${hot}`)
      cache.set(`scan${i}`, 'x')
    }
    expect(cache.size).toBe(1_000)
    for (let i = 0; i < 500; i++) expect(cache.peek(`hot${i}`)).toBe('x')
  })

  test('evicts although everything has been read', () => {
    const cache = cacheOf(2)
    for (const key of ['a', 'b']) cache.set(key, key)
    for (const key of ['a', 'b']) cache.get(key)
    cache.set('c', 'c')
    expect(cache.size).toBe(2)
    expect(cache.peek('c')).toBe('c')
  })

  test('stays within its bounds and never returns anything but what was set last, whatever is done to it', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    const step = fc.oneof(
      fc.tuple(fc.constant('set' as const), key, fc.string({ maxLength: 12 })),
      fc.tuple(fc.constantFrom('get' as const, 'peek' as const, 'delete' as const, 'clear' as const), key),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = cacheOf(4, 20)
        const model = new Map<string, string>()
        for (const [action, name, value = ''] of steps) {
          if (action === 'set') {
            cache.set(name, value)
            model.set(name, value)
            expect(cache.peek(name)).toBe(value)
          } else if (action === 'delete') {
            cache.delete(name)
            model.delete(name)
          } else if (action === 'clear') {
            cache.clear()
            model.clear()
          } else {
            const found = cache[action](name)
            if (found !== undefined) expect(found).toBe(model.get(name))
          }
          const held = [...model].filter(([held]) => cache.peek(held) !== undefined)
          expect(held.length).toBe(cache.size)
          expect(cache.size).toBeLessThanOrEqual(4)
          expect(held.reduce((sum, [, text]) => sum + text.length, 0)).toBeLessThanOrEqual(20)
        }
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeFromPath, generateCode, isCode, isReservedCode } from '../../src/links/code.ts'

describe('codes', () => {
  test.each(['a', 'A-z_0.9~', 'a/b/c', '...', 'a'.repeat(128)])('accepts %s', (code) => {
    expect(isCode(code)).toBe(true)
  })

  test.each(['', '/', 'a/', '/a', 'a//b', '.', '..', 'a/../b', 'a b', 'é', 'a\n', 'a\0', 'a'.repeat(129)])(
    'refuses %j',
    (code) => {
      expect(isCode(code)).toBe(false)
    },
  )

  test('reserves the first segments that linkr answers itself, in any case', () => {
    expect(['api', 'API/x', 'health', 'robots.txt', '.well-known/x', 'cdn-cgi/y'].every(isReservedCode)).toBe(
      true,
    )
    expect(['apis', 'x/api', 'healthy'].some(isReservedCode)).toBe(false)
  })

  test('reads back every code from its percent-encoded path', () => {
    const code = fc.stringMatching(/^[\w.~-]{1,20}(?:\/[\w.~-]{1,20}){0,3}$/).filter(isCode)
    const encode = (text: string): string =>
      [...text].map((c) => (c === '/' ? c : `%${c.charCodeAt(0).toString(16)}`)).join('')
    fc.assert(fc.property(code, (text) => codeFromPath(`/${encode(text)}`) === text))
  })

  test('never throws on a path, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        const code = codeFromPath(`/${path}`)
        return code === null || isCode(code)
      }),
    )
  })

  test('draws 7 characters without look-alikes, all of them likely', () => {
    const codes = Array.from({ length: 2_000 }, generateCode)
    expect(codes.every((code) => /^[a-zA-Z2-9]{7}$/.test(code) && !/[0Oo1lIi]/.test(code))).toBe(true)
    expect(new Set(codes.join('')).size).toBe(55)
    expect(new Set(codes).size).toBe(2_000)
  })
})

import { expect, test } from 'vitest'
import { isOptedOut, visitorNumber } from '../../src/visits/visitor-number.ts'

const KEY = Uint32Array.of(1, 2, 3, 4)
const of = (address: string, userAgent: string, key = KEY): number | null =>
  visitorNumber(new Headers({ 'CF-Connecting-IP': address }), userAgent, key)

test('the same visitor has the same number, another address, browser or day another one', () => {
  const number = of('203.0.113.7', 'Firefox')
  expect(of('203.0.113.7', 'Firefox')).toBe(number)
  for (const other of [
    of('203.0.113.8', 'Firefox'),
    of('203.0.113.7', 'Chrome'),
    of('203.0.113.7', 'Firefox', Uint32Array.of(1, 2, 3, 5)),
  ]) {
    expect(other).not.toBe(number)
  }
})

test('the addresses that one customer has in IPv6 are one visitor', () => {
  expect(of('2001:db8:1:2:3:4:5:6', 'Firefox')).toBe(of('2001:db8:1:2::9', 'Firefox'))
  expect(of('2001:db8:1:2:3:4:5:6', 'Firefox')).not.toBe(of('2001:db8:1:3::9', 'Firefox'))
})

test('it is spread over 32 bits: as many differ as of random numbers', () => {
  const numbers = new Set<number>()
  let [ones, seen] = [0, 0]
  for (let i = 0; i < 20_000; i++) {
    const number = of(`198.51.${i >> 8}.${i & 255}`, 'Firefox') ?? -1
    numbers.add(number)
    for (let bit = 0; bit < 32; bit++) ones += (number >>> bit) & 1
    seen += 32
  }
  expect(numbers.size).toBeGreaterThan(19_990)
  expect(ones / seen).toBeCloseTo(0.5, 2)
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(2 ** 32)
})

test('without an address there is none', () => {
  expect(visitorNumber(new Headers(), 'Firefox', KEY)).toBeNull()
})

test('a visitor opts out by Sec-GPC or DNT', () => {
  expect(isOptedOut(new Headers({ 'Sec-GPC': '1' }))).toBe(true)
  expect(isOptedOut(new Headers({ DNT: '1' }))).toBe(true)
  expect(isOptedOut(new Headers({ 'Sec-GPC': '0', DNT: 'unspecified' }))).toBe(false)
  expect(isOptedOut(new Headers())).toBe(false)
})

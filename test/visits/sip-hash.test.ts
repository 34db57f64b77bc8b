import { expect, test } from 'vitest'
import { sipHash, sipHash32 } from '../../src/visits/sip-hash.ts'

/** The key 00 01 02 ... 0f of the paper's appendix A. */
const KEY = Uint32Array.of(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c)

/** Of the texts '', 00, 00 01, ...: `vectors_sip64` in https://github.com/veorq/SipHash/blob/master/vectors.h. */
test.each([
  [0, '726fdb47dd0e0e31'],
  [1, '74f839c593dc67fd'],
  [2, '0d6c8009d9a94f5a'],
  [3, '85676696d7fb7e2d'],
  [4, 'cf2794e0277187b7'],
  [5, '18765564cd99a68d'],
  [6, 'cbc9466e58fee3ce'],
  [7, 'ab0200f58b01d137'],
  [8, '93f5f5799a932462'],
  [15, 'a129ca6149be45e5'],
  [63, '958a324ceb064572'],
])("of %i bytes is the reference implementation's", (length, hash) => {
  const bytes = Uint8Array.from({ length }, (_, i) => i)
  const [low, high] = sipHash(KEY, bytes)
  expect(BigInt(high) * 2n ** 32n + BigInt(low)).toBe(BigInt(`0x${hash}`))
})

test('of a text is that of its UTF-8', () => {
  expect(sipHash32(KEY, 'ü😀')).toBe(sipHash(KEY, Uint8Array.of(0xc3, 0xbc, 0xf0, 0x9f, 0x98, 0x80))[0])
})

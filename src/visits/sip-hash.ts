/**
 * @module
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a pseudorandom function for short texts. Our own, because WebCrypto's HMAC is
 * asynchronous, and the npm package `siphash` takes twice as long and has neither types nor an ES module.
 */

/** 128 bits: four words, the lowest first. */
export type SipKey = Uint32Array

const encoder = new TextEncoder()

/** The lower half of the 64 bits, unsigned. */
export function sipHash32(key: SipKey, text: string): number {
  return sipHash(key, encoder.encode(text))[0]
}

/**
 * The 64 bits as two unsigned words, the lower one first. The paper's v0 to v3 are a to d here, each in two words; the last
 * turn of the loop is the finalization.
 */
export function sipHash(key: SipKey, bytes: Uint8Array): readonly [number, number] {
  const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = key
  let [a0, a1] = [k0 ^ 0x70736575, k1 ^ 0x736f6d65]
  let [b0, b1] = [k2 ^ 0x6e646f6d, k3 ^ 0x646f7261]
  let [c0, c1] = [k0 ^ 0x6e657261, k1 ^ 0x6c796765]
  let [d0, d1] = [k2 ^ 0x79746573, k3 ^ 0x74656462]
  const whole = bytes.length - (bytes.length % 8)
  for (let at = 0; at <= whole + 8; at += 8) {
    const isFinal = at > whole
    const m0 = isFinal ? 0 : wordAt(bytes, at)
    const m1 = isFinal ? 0 : wordAt(bytes, at + 4) | (at === whole ? bytes.length << 24 : 0)
    if (isFinal) c0 ^= 0xff
    d0 ^= m0
    d1 ^= m1
    for (let rounds = isFinal ? 4 : 2; rounds > 0; rounds--) {
      let sum = (a0 + b0) | 0
      a1 = (a1 + b1 + carry(sum, a0)) | 0
      a0 = sum
      let turned = (b0 << 13) | (b1 >>> 19)
      b1 = ((b1 << 13) | (b0 >>> 19)) ^ a1
      b0 = turned ^ a0
      turned = a0
      a0 = a1
      a1 = turned
      sum = (c0 + d0) | 0
      c1 = (c1 + d1 + carry(sum, c0)) | 0
      c0 = sum
      turned = (d0 << 16) | (d1 >>> 16)
      d1 = ((d1 << 16) | (d0 >>> 16)) ^ c1
      d0 = turned ^ c0
      sum = (a0 + d0) | 0
      a1 = (a1 + d1 + carry(sum, a0)) | 0
      a0 = sum
      turned = (d0 << 21) | (d1 >>> 11)
      d1 = ((d1 << 21) | (d0 >>> 11)) ^ a1
      d0 = turned ^ a0
      sum = (c0 + b0) | 0
      c1 = (c1 + b1 + carry(sum, c0)) | 0
      c0 = sum
      turned = (b0 << 17) | (b1 >>> 15)
      b1 = ((b1 << 17) | (b0 >>> 15)) ^ c1
      b0 = turned ^ c0
      turned = c0
      c0 = c1
      c1 = turned
    }
    a0 ^= m0
    a1 ^= m1
  }
  return [(a0 ^ b0 ^ c0 ^ d0) >>> 0, (a1 ^ b1 ^ c1 ^ d1) >>> 0]
}

/** Of a sum of two words that was cut to 32 bits. */
const carry = (sum: number, term: number): 0 | 1 => (sum >>> 0 < term >>> 0 ? 1 : 0)

/** Little-endian; what is beyond the end counts as zeros. */
function wordAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) {
    let word = 0
    for (let i = bytes.length - 1; i >= at; i--) word = (word << 8) | (bytes[i] ?? 0)
    return word
  }
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return b0 | (b1 << 8) | (b2 << 16) | (b3 << 24)
}

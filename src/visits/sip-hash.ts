/**
 * @module
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a pseudorandom function for short texts, made for this use. Our own, because
 * WebCrypto's HMAC is asynchronous and the npm package `siphash` takes several times as long.
 */

/** 128 bits: four words, the lowest first. */
export type SipKey = Uint32Array

const encoder = new TextEncoder()

/** The lower half of the 64 bits, unsigned. */
export function sipHash32(key: SipKey, text: string): number {
  return sipHash(key, encoder.encode(text))[0]
}

/** The 64 bits as two unsigned words, the lower one first. Each variable `v` of the paper is a pair of words here. */
export function sipHash(key: SipKey, bytes: Uint8Array): readonly [number, number] {
  const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = key
  let [a0, a1] = [k0 ^ 0x70736575, k1 ^ 0x736f6d65]
  let [b0, b1] = [k2 ^ 0x6e646f6d, k3 ^ 0x646f7261]
  let [c0, c1] = [k0 ^ 0x6e657261, k1 ^ 0x6c796765]
  let [d0, d1] = [k2 ^ 0x79746573, k3 ^ 0x74656462]
  let low = 0
  const isCarry = (sum: number, term: number): 0 | 1 => (sum >>> 0 < term >>> 0 ? 1 : 0)

  function rounds(count: number): void {
    for (let i = 0; i < count; i++) {
      low = (a0 + b0) | 0
      a1 = (a1 + b1 + isCarry(low, a0)) | 0
      a0 = low
      low = (b0 << 13) | (b1 >>> 19)
      b1 = ((b1 << 13) | (b0 >>> 19)) ^ a1
      b0 = low ^ a0
      ;[a0, a1] = [a1, a0]
      low = (c0 + d0) | 0
      c1 = (c1 + d1 + isCarry(low, c0)) | 0
      c0 = low
      low = (d0 << 16) | (d1 >>> 16)
      d1 = ((d1 << 16) | (d0 >>> 16)) ^ c1
      d0 = low ^ c0
      low = (a0 + d0) | 0
      a1 = (a1 + d1 + isCarry(low, a0)) | 0
      a0 = low
      low = (d0 << 21) | (d1 >>> 11)
      d1 = ((d1 << 21) | (d0 >>> 11)) ^ a1
      d0 = low ^ a0
      low = (c0 + b0) | 0
      c1 = (c1 + b1 + isCarry(low, c0)) | 0
      c0 = low
      low = (b0 << 17) | (b1 >>> 15)
      b1 = ((b1 << 17) | (b0 >>> 15)) ^ c1
      b0 = low ^ c0
      ;[c0, c1] = [c1, c0]
    }
  }

  function absorb(m0: number, m1: number): void {
    d0 ^= m0
    d1 ^= m1
    rounds(2)
    a0 ^= m0
    a1 ^= m1
  }

  const { length } = bytes
  const word = (at: number): number => {
    let bits = 0
    for (let i = Math.min(at + 4, length) - 1; i >= at; i--) bits = (bits << 8) | (bytes[i] ?? 0)
    return bits
  }
  const whole = length - (length % 8)
  for (let at = 0; at < whole; at += 8) absorb(word(at), word(at + 4))
  absorb(word(whole), word(whole + 4) | (length << 24))
  c0 ^= 0xff
  rounds(4)
  return [(a0 ^ b0 ^ c0 ^ d0) >>> 0, (a1 ^ b1 ^ c1 ^ d1) >>> 0]
}

/**
 * @module
 * The short code: its grammar, and how one is drawn.
 */

/** Segments of letters, digits and `-_.~`, joined by single slashes. Dot segments never arrive: browsers resolve them. */
const CODE = /^(?!\.{1,2}(?:\/|$))[\w.~-]+(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/
export const MAX_CODE_LENGTH = 128

/** First segments that linkr or Cloudflare answer themselves. */
const RESERVED = new Set(['api', 'health', 'robots.txt', 'favicon.ico', '.well-known', 'cdn-cgi'])

export function isCode(text: string): boolean {
  return text.length <= MAX_CODE_LENGTH && CODE.test(text)
}

export function isReservedCode(code: string): boolean {
  const slash = code.indexOf('/')
  return RESERVED.has((slash === -1 ? code : code.slice(0, slash)).toLowerCase())
}

/** The code that a request path (`/spring%2Dsale`) names; `null` when no link can have it, so no store need be asked. */
export function codeFromPath(path: string): string | null {
  let code = path.slice(1)
  if (code.includes('%')) {
    // Three characters per encoded one: beyond that no decoding makes it short enough.
    if (code.length > 3 * MAX_CODE_LENGTH) return null
    try {
      code = decodeURIComponent(code)
    } catch {
      return null
    }
  }
  return isCode(code) ? code : null
}

/** Without 0 O o, 1 l I i: people read codes out aloud and copy them from paper. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const GENERATED_LENGTH = 7

/** 55^7 = 1.5e12 codes, drawn uniformly (bytes that would bias the remainder are thrown away). */
export function generateCode(): string {
  const unbiased = 256 - (256 % ALPHABET.length)
  let code = ''
  while (code.length < GENERATED_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(GENERATED_LENGTH))) {
      if (byte < unbiased && code.length < GENERATED_LENGTH) code += ALPHABET[byte % ALPHABET.length]
    }
  }
  return code
}

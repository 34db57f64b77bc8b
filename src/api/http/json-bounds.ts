/**
 * @module
 * How deep and how wide a JSON text is, without parsing it: a few megabytes of brackets become hundreds in memory.
 */

export interface JsonBounds {
  readonly maxDepth: number
  /** Of elements and members, at all levels together. */
  readonly maxItems: number
}

/** The first bound that `text` breaks, if it is JSON at all; `null` = none. */
export function brokenBound(text: string, { maxDepth, maxItems }: JsonBounds): keyof JsonBounds | null {
  let depth = 0
  let items = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i + 1)
        break
      case COMMA:
        items++
        break
      case BRACKET:
      case BRACE:
        items++
        if (++depth > maxDepth) return 'maxDepth'
        break
      case BRACKET_END:
      case BRACE_END:
        depth--
    }
    if (items > maxItems) return 'maxItems'
  }
  return null
}

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

/** Where the quote is that ends a string; the end of the text when none does. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0
    while (text.charCodeAt(quote - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return quote
  }
  return text.length
}

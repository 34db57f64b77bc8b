/** Where JSON text becomes deeper than it may be. */
export interface TooDeep {
  /** Counted from 1. */
  readonly line: number
  /** Of the byte in the chunk: all before it is sound. */
  readonly offset: number
}

const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const BRACE = 0x7b
const BRACE_END = 0x7d

/** Watches the bytes of JSON text as they come, before a parser sees them; `null` = nothing wrong so far. */
export function createDepthGuard(maxDepth: number): (chunk: Uint8Array) => TooDeep | null {
  let depth = 0
  let line = 1
  let inString = false
  let isEscaped = false
  return (chunk) => {
    for (let offset = 0; offset < chunk.length; offset++) {
      const byte = chunk[offset]
      if (byte === NEWLINE) line++
      if (isEscaped) isEscaped = false
      else if (inString) {
        if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) inString = true
      else if (byte === BRACKET || byte === BRACE) {
        if (++depth > maxDepth) return { line, offset }
      } else if (byte === BRACKET_END || byte === BRACE_END) depth--
    }
    return null
  }
}

/** Exports nest four or five levels; a parser's stack and memory end somewhere. */
export const MAX_JSON_DEPTH = 100

/** Where JSON text becomes deeper than it may be. */
export interface TooDeep {
  /** Counted from 1. */
  readonly line: number
  /** Of the byte in the chunk: all before it is sound. */
  readonly offset: number
}

const [QUOTE, BACKSLASH, NEWLINE] = [0x22, 0x5c, 0x0a]
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** Watches the bytes of JSON text as they come, before a parser sees them; `null` = nothing wrong so far. */
export function createDepthGuard(): (chunk: Uint8Array) => TooDeep | null {
  let depth = 0
  let line = 1
  let inString = false
  let isEscaped = false
  return (chunk) => {
    for (let offset = 0; offset < chunk.length; offset++) {
      const byte = chunk[offset] ?? 0
      if (byte === NEWLINE) line++
      if (isEscaped) isEscaped = false
      else if (inString) {
        if (byte === BACKSLASH) isEscaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) inString = true
      else if (OPENING.has(byte)) {
        if (++depth > MAX_JSON_DEPTH) return { line, offset }
      } else if (CLOSING.has(byte)) depth--
    }
    return null
  }
}

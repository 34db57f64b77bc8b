import { LINK_FIELD_NAMES } from '../link-fields.ts'
import type { RawLink, SourceRow } from './raw-link.ts'

/** Tells rows that hold bytes which are not UTF-8 from those whose text has the replacement character in its own right. */
export interface TextCheck {
  /** Passes the bytes on as they are. */
  watch(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  refuseGarbled(rows: AsyncIterable<SourceRow>): AsyncIterable<SourceRow>
}

/** It must see the bytes before a reader makes rows of them, and the rows after. */
export function createTextCheck(): TextCheck {
  let isBroken = false
  return {
    async *watch(chunks) {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      for await (const chunk of chunks) {
        if (!isBroken) isBroken = !accepts(decoder, chunk)
        yield chunk
      }
      if (!isBroken) isBroken = !accepts(decoder)
    },
    async *refuseGarbled(rows) {
      for await (const row of rows) {
        const isGarbled = isBroken && 'raw' in row && hasReplacement(row.raw)
        yield isGarbled ? { line: row.line, problem: NOT_UTF8 } : row
      }
    },
  }
}

const NOT_UTF8 = 'is not UTF-8: import the file again with its --encoding, such as windows-1252'

/** @param chunk left out at the end, where no character may be half there. */
function accepts(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch {
    return false
  }
}

function hasReplacement(raw: RawLink): boolean {
  return LINK_FIELD_NAMES.flatMap((name) => raw[name]).some((text) => String(text).includes('\uFFFD'))
}

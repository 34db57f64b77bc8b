import { LINK_FIELD_NAMES } from '../link-fields.ts'
import type { RawLink } from './raw-link.ts'

/** Tells text with bytes that are not UTF-8 from text that has the replacement character in its own right. */
export function createTextCheck() {
  let isBroken = false
  return {
    /** Passes the bytes on as they are; it must see them before a reader makes rows of them. */
    async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      for await (const chunk of chunks) {
        if (!isBroken) isBroken = !accepts(decoder, chunk)
        yield chunk
      }
      if (!isBroken) isBroken = !accepts(decoder)
    },
    isGarbled: (raw: RawLink): boolean =>
      isBroken &&
      LINK_FIELD_NAMES.flatMap((name) => raw[name]).some((text) => String(text).includes('\uFFFD')),
  }
}

/** @param chunk left out at the end, where no character may be half there. */
function accepts(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined })
    return true
  } catch {
    return false
  }
}

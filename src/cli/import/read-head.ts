import { isUtf8 } from 'node:buffer'
import { UsageError } from '../cli-error.ts'

/** Enough to recognise a format by; its header or first row must end in here. */
const HEAD_BYTES = 64 * 1024

export interface Headed {
  /** The first 64 KiB as text, without a byte order mark. */
  readonly head: string
  /** Excel's "Unicode text". */
  readonly isUtf16: boolean
  /** Everything from the start, as UTF-8; it may have a byte order mark. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Looks at the start of a stream without consuming it.
 * @param encoding what `--encoding` says; else UTF-16 by its byte order mark, or UTF-8.
 * @throws {UsageError} for an encoding that is not known, or a text that is not in the one it should be in.
 */
export async function readHead(
  input: AsyncIterable<Uint8Array>,
  name: string,
  encoding?: string,
): Promise<Headed> {
  const iterator = input[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let length = 0
  while (length < HEAD_BYTES) {
    const { value, done } = await iterator.next()
    if (done === true) break
    parts.push(value)
    length += value.length
  }
  const start = Buffer.concat(parts)
  const chosen = encoding === undefined ? encodingOf(start) : known(encoding)
  const head = new TextDecoder(chosen).decode(start.subarray(0, HEAD_BYTES))
  if (chosen === 'utf-8' && encoding === undefined && looksLikeLatin1(head, start)) {
    throw new UsageError(
      `${name} is not UTF-8, so probably Latin-1: say --encoding windows-1252, or another that it is in.`,
    )
  }
  const rest = prepend(start, iterator)
  return {
    head,
    isUtf16: chosen.startsWith('utf-16'),
    chunks: chosen === 'utf-8' ? rest : transcode(rest, chosen),
  }
}

function known(encoding: string): string {
  try {
    return new TextDecoder(encoding).encoding
  } catch {
    throw new UsageError(`--encoding "${encoding}" is not known; windows-1252, for one, is.`)
  }
}

function encodingOf(start: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

/** Not one character beyond ASCII that is UTF-8, but some that are not; with NUL it is no text at all. */
function looksLikeLatin1(head: string, start: Uint8Array): boolean {
  if (isUtf8(start) || head.includes('\0')) return false
  // The head may end in the middle of a character.
  const text = head.replace(/\uFFFD$/, '')
  return text.includes('\uFFFD') && !/[^\0-\x7F\uFFFD]/.test(text)
}

async function* prepend(
  start: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (start.length > 0) yield start
    yield* { [Symbol.asyncIterator]: () => iterator }
  } finally {
    await iterator.return?.()
  }
}

async function* transcode(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array, void> {
  const decoder = new TextDecoder(encoding)
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }))
  yield Buffer.from(decoder.decode())
}

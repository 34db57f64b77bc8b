/** Enough to recognise a format by; its header or first row must end in here. */
const HEAD_BYTES = 64 * 1024

export interface Headed {
  /** The first 64 KiB as text, without a byte order mark. */
  readonly head: string
  /** Whether that is all there is. */
  readonly complete: boolean
  /** Everything from the start, as UTF-8 without a byte order mark. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Looks at the start of a stream without consuming it. Excel's "Unicode text", UTF-16, is read too. */
export async function readHead(input: AsyncIterable<Uint8Array>): Promise<Headed> {
  const iterator = input[Symbol.asyncIterator]()
  const parts: Uint8Array[] = []
  let length = 0
  let complete = false
  while (length < HEAD_BYTES && !complete) {
    const { value, done } = await iterator.next()
    if (done === true) complete = true
    else {
      parts.push(value)
      length += value.length
    }
  }
  const start = Buffer.concat(parts)
  const encoding = encodingOf(start)
  const rest = prepend(start, iterator)
  return {
    head: new TextDecoder(encoding).decode(start.subarray(0, HEAD_BYTES)),
    complete: complete && length <= HEAD_BYTES,
    chunks: encoding === 'utf-8' ? withoutMark(rest) : transcode(rest, encoding),
  }
}

function encodingOf(start: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  return 'utf-8'
}

async function* prepend(
  start: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (start.length > 0) yield start
    for (;;) {
      const { value, done } = await iterator.next()
      if (done === true) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let first = true
  for await (const chunk of chunks) {
    const marked = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
    first = false
    yield marked ? chunk.subarray(3) : chunk
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

import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from './caller.ts'
import { brokenBound } from './json-bounds.ts'
import { Problem } from './problem.ts'

/** A thousand links with every field and 50 tags each have 70,000. Parsed, that many take some 10 MB at most. */
const BOUNDS = { maxDepth: 32, maxItems: 100_000 }

/**
 * Reads a request's body, once, into `c.var.body`: bounded in bytes, depth and items before anything looks at it, and
 * valid UTF-8, since a decoder that replaces what it cannot read would store other text than was sent.
 */
export function receiveBody(maxBytes: number): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const { raw, method } = c.req
    // Theirs means nothing, and is not read.
    const hasBody = raw.body !== null && method !== 'GET' && method !== 'HEAD'
    const body = hasBody ? await readText(raw, maxBytes) : ''
    const broken = brokenBound(body, BOUNDS)
    if (broken === 'maxDepth') {
      throw new Problem(400, 'invalid_json', `Send JSON that is nested at most ${BOUNDS.maxDepth} deep.`)
    }
    if (broken === 'maxItems') {
      throw new Problem(413, 'body_too_large', `Send JSON with at most ${BOUNDS.maxItems} values.`)
    }
    c.set('body', body)
    await next()
  }
}

async function readText({ body, headers }: Request, maxBytes: number): Promise<string> {
  if (Number(headers.get('Content-Length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
  let bytes = 0
  let text = ''
  for await (const chunk of chunksOf(body)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    text += decode(decoder, chunk)
  }
  return text + decode(decoder)
}

async function* chunksOf(body: Request['body']): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk
  } catch {
    throw new Problem(400, 'body_incomplete', 'The body broke off before its end. Send it again.')
  }
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    throw new Problem(400, 'invalid_utf8', 'Send the body as UTF-8.')
  }
}

const tooLarge = (maxBytes: number): Problem =>
  new Problem(413, 'body_too_large', `Send at most ${maxBytes} bytes.`)

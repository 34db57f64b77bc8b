import type { IncomingMessage } from 'node:http'
import { RestError } from './rest-error.ts'

/** Upstash's limit for a request on its free plan. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024

/**
 * The whole body. One that is too large is read to its end but not kept, because a client that is still sending would
 * not see an early response: it comes out as the error to send. Rejects only if the client left.
 */
export function readBody(request: IncomingMessage): Promise<Buffer | RestError> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
      else chunks = []
    })
    request.on('end', () => {
      if (size <= MAX_BODY_BYTES)
        return resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
      const numbers = `Limit: ${MAX_BODY_BYTES} bytes, Actual: ${size} bytes`
      resolve(new RestError(`ERR max request size exceeded. ${numbers}`))
    })
    request.on('error', reject)
    request.on('close', () => reject(new Error('the client left')))
  })
}

import type { IncomingMessage } from 'node:http'

/**
 * The whole body; of one that is too large its size in bytes. That is read to its end but not kept, because a client
 * that is still sending would not see an early response. Rejects only if the client left.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | number> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) chunks.push(chunk)
      else chunks = []
    })
    request.on('end', () => {
      if (size > maxBytes) resolve(size)
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    })
    request.on('error', reject)
    request.on('close', () => reject(new Error('the client left')))
  })
}

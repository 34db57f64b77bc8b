import { request as httpRequest } from 'node:http'
import { chunkedHead, rawRequest } from '../raw-request.ts'
import type { GeneratedRequest } from './requests.ts'

/** Bodies on any method, in chunks or with a length; `fetch` sends none with a GET. */
export function send(origin: string, request: GeneratedRequest): Promise<Response | null> {
  return request.transport === 'broken' ? sendHalf(origin, request) : sendWhole(origin, request)
}

function sendWhole(origin: string, request: GeneratedRequest): Promise<Response> {
  const { method, path, headers, body, transport } = request
  const { hostname, port } = new URL(origin)
  const chunked = transport === 'chunked' ? { 'Transfer-Encoding': 'chunked' } : {}
  const length =
    body === undefined || transport === 'chunked' ? {} : { 'Content-Length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      // A path as it is: `fetch` would normalize it.
      { hostname, port, method, path, headers: { ...headers, ...chunked, ...length }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const { statusCode: status = 0, headers: found } = incoming
          const type = found['content-type']
          const text = Buffer.concat(chunks).toString()
          const hasBody = text !== '' && ![204, 304].includes(status)
          resolve(
            new Response(hasBody ? text : null, {
              status,
              headers: type === undefined ? {} : { 'Content-Type': type },
            }),
          )
        })
      },
    )
    // One that refuses a body early may close before it has arrived, after having answered.
    outgoing.on('error', reject)
    if (body !== undefined) outgoing.write(body)
    outgoing.end()
  })
}

/** `null` = the server closed without a word, as it may towards a client that does not keep its own. */
async function sendHalf(
  origin: string,
  { method, path, headers, body = '{' }: GeneratedRequest,
): Promise<Response | null> {
  const bytes = Buffer.from(body)
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
  const head = chunkedHead(method, path, { ...headers, Connection: 'close' })
  const answer = await rawRequest(origin, [head, `${bytes.length.toString(16)}\r\n`, half])
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)
  return status === 0 ? null : new Response(null, { status })
}

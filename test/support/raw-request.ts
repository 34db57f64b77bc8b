import { connect } from 'node:net'

/** Sends bytes as they are, closes the sending side, and resolves to whatever comes back: HTTP that `fetch` would not send. */
export function rawRequest(url: string, parts: readonly (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => {
      for (const part of parts) socket.write(part)
      socket.end()
    })
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    // A server may cut off a client that does not keep to the protocol.
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
}

/** A request's first lines, for a body in chunks. */
export function chunkedHead(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: 'localhost', 'Transfer-Encoding': 'chunked', ...headers })
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

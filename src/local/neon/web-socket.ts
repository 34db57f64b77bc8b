import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { allowedOrigin } from './credentials.ts'

/** As large as an HTTP body may be. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024

/**
 * `/v2?address=host:port`: the Postgres protocol inside a WebSocket. The address is what the client believes it
 * connects to; it is not looked at, the bridge has only one database to offer.
 */
export function acceptWebSockets(http: Server, serve: (stream: Duplex) => void): void {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES })
  http.on('upgrade', (request, socket, head) => {
    const isOurs = request.url?.split('?')[0] === '/v2'
    if (isOurs && allowedOrigin(request.headers.origin))
      server.handleUpgrade(request, socket, head, (ws) => serve(createWebSocketStream(ws)))
    else socket.end(`HTTP/1.1 ${isOurs ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`)
  })
}

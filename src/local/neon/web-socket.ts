import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { allowedOrigin } from './credentials.ts'

/** As large as an HTTP body may be. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024

/**
 * `/v2?address=host:port`: the Postgres protocol inside a WebSocket. The address is what the client believes it
 * connects to; it is not looked at, the bridge has only one database to offer.
 */
export class WebSocketDoor {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES })
  readonly #serve: (stream: Duplex) => void

  constructor(serve: (stream: Duplex) => void) {
    this.#serve = serve
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url?.split('?')[0]
    if (path !== '/v2' || !allowedOrigin(request.headers.origin)) {
      socket.end(
        `HTTP/1.1 ${path === '/v2' ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`,
      )
      return
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#serve(createWebSocketStream(ws)))
  }
}

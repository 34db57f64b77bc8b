import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface LoopbackPort {
  readonly port: number
  close(): Promise<void>
}

/**
 * One port on 127.0.0.1 for two protocols, as one host name serves both at Neon: a Postgres client's first byte is
 * zero (the high byte of a length), an HTTP client's is a letter.
 */
export async function listenOnLoopback(
  port: number,
  http: HttpServer,
  postgres: (socket: Socket) => void,
): Promise<LoopbackPort> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      socket.pause()
      socket.unshift(first)
      if (first[0] === 0) postgres(socket)
      else http.emit('connection', socket)
      socket.resume()
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', resolve)
  await promise.catch((error) => {
    throw new Error(`The Neon bridge cannot listen on 127.0.0.1:${port}: ${error.message}`, { cause: error })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

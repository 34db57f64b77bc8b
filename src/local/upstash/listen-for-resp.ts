import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** What every command of a Redis client begins with; an HTTP request begins with a letter. */
const ARRAY = 0x2a

export interface RespListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * Any free port of 127.0.0.1, for Redis clients only. Redis also takes commands as plain lines, so a web page could
 * send it some inside the body of a request: a connection that does not begin like a client's is cut.
 */
export async function listenForResp(serve: (socket: Socket) => void): Promise<RespListener> {
  const sockets = new Set<Socket>()
  const server = createServer({ keepAlive: true, noDelay: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      if (first[0] !== ARRAY) return void socket.destroy()
      socket.pause()
      socket.unshift(first)
      serve(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

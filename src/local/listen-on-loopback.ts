import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface LoopbackPort {
  readonly port: number
  /** Cuts the connections that are still open. */
  close(): Promise<void>
}

/**
 * A port of 127.0.0.1 that tells protocols apart by the first byte that a client sends.
 * @param purpose What listens there, for the error.
 * @param wanted 0 = any free one. Rejects if it is taken.
 */
export async function listenOnLoopback(
  purpose: string,
  wanted: number,
  serve: (socket: Socket, firstByte: number | undefined) => void,
): Promise<LoopbackPort> {
  const sockets = new Set<Socket>()
  const server = createServer({ keepAlive: true, noDelay: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)))
    socket.on('error', () => socket.destroy())
    socket.once('data', (first) => {
      socket.pause()
      socket.unshift(first)
      serve(socket, first[0])
      socket.resume()
    })
  })
  server.listen(wanted, '127.0.0.1')
  await once(server, 'listening').catch((error: Error) => {
    throw new Error(`The ${purpose} cannot listen on port ${wanted}: ${error.message}`, { cause: error })
  })
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

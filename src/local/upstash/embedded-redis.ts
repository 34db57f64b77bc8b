import type { AddressInfo, Server, Socket } from 'node:net'
import { createRedisServer } from 'js-redis-server'

export interface EmbeddedRedis {
  readonly url: string
  /** Cuts the connections that others still hold, instead of waiting for them. */
  close(): Promise<void>
}

/** A Redis in this process that forgets everything when it closes. For a stack without any installed service. */
export async function startEmbeddedRedis(): Promise<EmbeddedRedis> {
  const handle = await createRedisServer()
  const server = handle.server.server
  await rebindToLoopback(server)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = handle.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url: `redis://127.0.0.1:${port}`, close }
}

/** js-redis-server listens on every interface, without a password, and has no option against it. */
async function rebindToLoopback(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}

import { once } from 'node:events'
import WebSocket from 'ws'

/** A session with V8's inspector of one isolate. */
export interface Inspector {
  send<Result>(method: string, params?: object): Promise<Result>
  close(): void
}

export async function openInspector(address: string): Promise<Inspector> {
  const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 256 * 1024 * 1024 })
  await once(socket, 'open')
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  socket.on('message', (data) => {
    const { id, result, error } = JSON.parse(String(data)) as {
      id?: number
      result?: unknown
      error?: object
    }
    const call = waiting.get(id ?? -1)
    waiting.delete(id ?? -1)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(JSON.stringify(error)))
  })
  let lastId = 0
  return {
    send<Result>(method: string, params: object = {}) {
      const call = Promise.withResolvers<unknown>()
      waiting.set(++lastId, call)
      socket.send(JSON.stringify({ id: lastId, method, params }))
      return call.promise as Promise<Result>
    },
    close: () => socket.terminate(),
  }
}

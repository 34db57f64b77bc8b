import type { ServerResponse } from 'node:http'
import type { BridgeResponse } from '../intercept.ts'
import { openRedisLink, type RedisAddress, type RedisLink } from './redis-link.ts'
import { type Command, type Reply, ReplyError } from './resp.ts'
import { RestError } from './rest-error.ts'

/** A MONITOR or SUBSCRIBE on a connection of its own, waiting for a response to be streamed into. */
export interface EventFeed {
  /** The head of the stream, for the interceptor to see; its body is empty. */
  readonly head: BridgeResponse
  /** Streams until either side leaves. The response's head has been written. */
  streamInto(response: ServerResponse): void
  close(): void
}

const HEAD: BridgeResponse = {
  status: 200,
  headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  body: '',
}

/** Resolves when Redis has confirmed; rejects with RestError if it refused. */
export async function openEventFeed(address: RedisAddress, command: Command): Promise<EventFeed> {
  const confirmed = Promise.withResolvers<void>()
  let early: string[] | undefined = []
  let response: ServerResponse | undefined

  const emit = (frame: string): void => {
    if (response === undefined) early?.push(frame)
    // A reader slower than Redis must not fill our memory; Redis drops a subscriber that lags too far.
    else if (!response.write(frame)) link.pause()
  }
  const link: RedisLink = await openRedisLink(address, {
    onReply: (reply) => {
      if (reply instanceof ReplyError) return confirmed.reject(new RestError(reply.message))
      emit(toFrame(reply))
      confirmed.resolve()
    },
    onClose: () => {
      confirmed.reject(new RestError('ERR Redis closed the connection', 503))
      response?.end()
    },
  })
  link.write([command])
  await confirmed.promise.catch((error: unknown) => {
    link.destroy()
    throw error
  })
  // Until a client reads, events wait in Redis and not here.
  link.pause()

  return {
    head: { ...HEAD },
    streamInto: (target) => {
      response = target
      target.on('drain', () => link.resume())
      target.on('close', () => link.destroy())
      target.flushHeaders()
      for (const frame of early ?? []) emit(frame)
      early = undefined
      link.resume()
      if (target.destroyed) link.destroy()
    },
    close: () => link.destroy(),
  }
}

/** `message,channel,payload` for a published message; MONITOR's own lines as they are. */
function toFrame(reply: Reply): string {
  if (reply === 'OK') return 'data: "OK"\n\n'
  const text = Array.isArray(reply) ? reply.map((part) => String(part)).join(',') : String(reply)
  return `${text
    .split('\n')
    .map((line) => `data: ${line}`)
    .join('\n')}\n\n`
}

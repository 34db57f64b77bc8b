import type { ServerResponse } from 'node:http'
import { ErrorReply } from '@redis/client'
import type { BridgeResponse } from '../intercept.ts'
import type { Command } from './resp.ts'
import { RestError } from './rest-error.ts'
import { redisClient } from './shared-redis.ts'

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

/** What a client that reads more slowly than Redis publishes may leave unread; then it is disconnected, as Redis would. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024

/** Resolves when Redis has confirmed; rejects with RestError if it refused. */
export async function openEventFeed(redisUrl: string, command: Command): Promise<EventFeed> {
  const client = redisClient(redisUrl, () => false)
  const early: string[] = []
  let response: ServerResponse | undefined
  const close = (): void => {
    if (client.isOpen) client.destroy()
  }
  const emit = (event: string): void => {
    const frame = `${event.replaceAll(/^/gm, 'data: ')}\n\n`
    if (response === undefined) early.push(frame)
    else if (response.writableLength < MAX_UNREAD_BYTES) response.write(frame)
    else response.destroy()
  }
  client.on('terminated', () => response?.end())
  try {
    await client.connect()
    await listen(client, command, emit)
  } catch (error) {
    close()
    if (error instanceof ErrorReply) throw new RestError(error.message)
    throw new RestError('ERR Redis closed the connection', 503)
  }
  return {
    head: { ...HEAD },
    streamInto: (target) => {
      response = target
      target.on('close', close)
      target.flushHeaders()
      target.write(early.join(''))
      if (target.destroyed || !client.isOpen) target.end(close)
    },
    close,
  }
}

/** Emits a confirmation, then what comes: `message,channel,payload` for a published message; MONITOR's lines as they are. */
async function listen(
  client: ReturnType<typeof redisClient>,
  [name, ...channels]: Command,
  emit: (event: string) => void,
): Promise<void> {
  const kind = name.toLowerCase()
  if (kind === 'monitor') {
    await client.monitor(emit)
    return emit('"OK"')
  }
  for (const [index, channel] of channels.map(String).entries()) {
    if (kind === 'subscribe') await client.subscribe(channel, (text, from) => emit(`message,${from},${text}`))
    else await client.pSubscribe(channel, (text, from) => emit(`pmessage,${channel},${from},${text}`))
    emit(`${kind},${channel},${index + 1}`)
  }
}

import { connect } from 'node:net'
import { type Command, encodeCommands, type Reply, ReplyError, ReplyParser } from './resp.ts'

export interface RedisAddress {
  readonly host: string
  readonly port: number
  /** What every new connection says first: AUTH and SELECT, as the URL asks. */
  readonly greeting: readonly Command[]
}

/** `redis://[[user]:password@]host[:port][/db]`. Throws with the URL's problem; TLS is not for a local stack. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'redis:') throw new Error('redisUrl must look like redis://host:port[/db]')
  const database = url.pathname.slice(1)
  const greeting: Command[] = []
  if (url.password !== '') {
    const user = url.username === '' ? [] : [decodeURIComponent(url.username)]
    greeting.push(['AUTH', ...user, decodeURIComponent(url.password)])
  }
  if (database !== '') greeting.push(['SELECT', database])
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port || 6379),
    greeting,
  }
}

export interface RedisLink {
  write(commands: readonly Command[]): void
  /** Stop and go on reading, for a consumer that is slower than Redis. */
  pause(): void
  resume(): void
  destroy(): void
}

export interface RedisLinkHandlers {
  onReply(reply: Reply): void
  /** Once, for any end of an established link, `destroy()` included. */
  onClose(): void
  /** Nothing was heard from Redis for {@link SILENCE_MS}. */
  onSilence?(): void
}

const CONNECT_TIMEOUT_MS = 2_000
/** Longer than any script or command of a local stack takes. */
const SILENCE_MS = 30_000

/** One connection, ready for commands. Rejects if Redis cannot be reached or refuses the greeting. */
export function openRedisLink(address: RedisAddress, handlers: RedisLinkHandlers): Promise<RedisLink> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, noDelay: true })
    // The PING tells a Redis that is ready from one that is still loading or out of connections.
    const greeting: readonly Command[] = [...address.greeting, ['PING']]
    let greetingsLeft = greeting.length
    let failure = new Error('closed the connection')

    const parser = new ReplyParser((reply) => {
      if (greetingsLeft === 0) return handlers.onReply(reply)
      if (reply instanceof ReplyError) return void socket.destroy(new Error(reply.message))
      greetingsLeft -= 1
      if (greetingsLeft > 0) return
      socket.setTimeout(SILENCE_MS)
      resolve({
        write: (commands) => void socket.write(encodeCommands(commands)),
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
        destroy: () => void socket.destroy(),
      })
    })

    socket.setTimeout(CONNECT_TIMEOUT_MS)
    socket.on('timeout', () => {
      if (greetingsLeft > 0) socket.destroy(new Error('connecting timed out'))
      else handlers.onSilence?.()
    })
    socket.on('connect', () => socket.write(encodeCommands(greeting)))
    socket.on('data', (chunk) => {
      try {
        parser.push(chunk)
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined)
      }
    })
    socket.on('error', (error) => {
      failure = error
    })
    socket.on('close', () => {
      if (greetingsLeft > 0)
        reject(new Error(`Redis at ${address.host}:${address.port}: ${failure.message}`, { cause: failure }))
      else handlers.onClose()
    })
  })
}

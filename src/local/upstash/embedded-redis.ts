import { randomBytes } from 'node:crypto'
import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import { echo } from './echo-command.ts'

export interface EmbeddedRedis {
  /** With the password, which is another one in every run. */
  readonly url: string
  close(): Promise<void>
}

/** As many as a real Redis has. */
const DATABASES = 16

/** What every command of a Redis client begins with; an HTTP request begins with a letter. */
const ARRAY = 0x2a

/** A Redis in this process that forgets everything when it closes. For a stack without any installed service. */
export async function startEmbeddedRedis(): Promise<EmbeddedRedis> {
  const password = randomBytes(24).toString('hex')
  const state = new RedisServerState({ databaseCount: DATABASES, requirepass: password })
  const redis = new Resp2Server({
    server: state,
    executor: createRedisCommandExecutor({ extraCommands: [echo] }),
  })
  // Redis also takes commands as plain lines, so a web page could send it some inside the body of a request.
  const { port, close } = await listenOnLoopback('embedded Redis', 0, (socket, firstByte) => {
    if (firstByte === ARRAY) redis.server.emit('connection', socket)
    else socket.destroy()
  })
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    async close() {
      await close()
      state.close()
    },
  }
}

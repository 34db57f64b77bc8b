import { randomBytes } from 'node:crypto'
import { createRedisCommandExecutor, RedisServerState, Resp2Server } from 'js-redis-server/core'
import { echo } from './echo-command.ts'
import { listenForResp } from './listen-for-resp.ts'

export interface EmbeddedRedis {
  /** With the password, which is another one in every run. */
  readonly url: string
  /** Cuts the connections that others still hold, instead of waiting for them. */
  close(): Promise<void>
}

/** As many as a real Redis has. */
const DATABASES = 16

/** A Redis in this process that forgets everything when it closes. For a stack without any installed service. */
export async function startEmbeddedRedis(): Promise<EmbeddedRedis> {
  const password = randomBytes(24).toString('hex')
  const state = new RedisServerState({ databaseCount: DATABASES, requirepass: password })
  const redis = new Resp2Server({
    server: state,
    executor: createRedisCommandExecutor({ extraCommands: [echo] }),
  })
  const { port, close } = await listenForResp((socket) => redis.server.emit('connection', socket))
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    async close() {
      await close()
      state.close()
    },
  }
}

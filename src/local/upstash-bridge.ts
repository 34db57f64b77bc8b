/**
 * Upstash's Redis REST API in front of any Redis, for a local stack without an account.
 * See https://upstash.com/docs/redis/features/restapi.
 *
 * ```ts
 * const bridge = await startUpstashBridge({ token: 'local' })
 * const redis = new Redis({ url: bridge.url, token: bridge.token })
 * ```
 * @module
 */
import { createServer } from 'node:http'
import { type Intercept, justExecute } from './intercept.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { startEmbeddedRedis } from './upstash/embedded-redis.ts'
import { requestHandler } from './upstash/request-handler.ts'
import { SharedRedis } from './upstash/shared-redis.ts'

export interface UpstashBridgeOptions {
  /** A real Redis, `redis://host:port[/db]`; `undefined` = an embedded server that keeps its data in memory. */
  readonly redisUrl?: string | undefined
  readonly token: string
  /** 0 or `undefined` = any free port. */
  readonly port?: number
  readonly intercept?: Intercept | undefined
}

export interface UpstashBridge {
  readonly url: string
  readonly token: string
  readonly port: number
  /** The Redis behind, for tests that look at it directly. */
  readonly redisUrl: string
  close(): Promise<void>
}

/** Longer than the clients' pools keep an idle connection, so that it is never we who close under a request. */
const KEEP_ALIVE_MS = 65_000

/** Rejects if the port is taken or Redis is not there. Listens on 127.0.0.1 only: the token is all that guards it. */
export async function startUpstashBridge(options: UpstashBridgeOptions): Promise<UpstashBridge> {
  const embedded = options.redisUrl === undefined ? await startEmbeddedRedis() : undefined
  const redisUrl = options.redisUrl ?? embedded?.url ?? ''
  let redis: SharedRedis | undefined
  try {
    redis = await SharedRedis.open(redisUrl)
    const { token, intercept = justExecute } = options
    const http = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS },
      requestHandler({ redisUrl, redis, token, intercept }),
    )
    const { port, close } = await listenOnLoopback('Upstash bridge', options.port ?? 0, (socket) =>
      http.emit('connection', socket),
    )
    const opened = redis
    return {
      url: `http://127.0.0.1:${port}`,
      token,
      port,
      redisUrl,
      async close() {
        opened.close()
        await close()
        await embedded?.close()
      },
    }
  } catch (error) {
    redis?.close()
    await embedded?.close()
    throw error
  }
}

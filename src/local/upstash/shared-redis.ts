import { createClient, ErrorReply, RESP_TYPES } from '@redis/client'
import type { Command, Reply } from './resp.ts'

/** Redis cannot be asked, or went away before it replied: the commands may or may not have run. */
export class RedisAway extends Error {
  override name = 'RedisAway' as const
}

const FIRST_RETRY_MS = 25
const LONGEST_RETRY_MS = 500
/** Longer than any script or command of a local stack takes. */
const SILENCE_MS = 30_000
/** Requests waiting for a Redis that hangs; more are refused, so that memory stays bounded. */
const MAX_WAITING = 10_000

const AS_UPSTASH_SHOWS = {
  typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String },
}

/**
 * A connection that is not open yet.
 * @param retryMs The wait before a try to reconnect, counted from 0; `false` = none.
 * @param silenceMs How long Redis may be silent, pings included; 0 = for ever.
 */
export function redisClient(url: string, retryMs: (retries: number) => number | false, silenceMs = 0) {
  const client = createClient({
    url,
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    pingInterval: silenceMs / 2,
    socket: { connectTimeout: 2_000, socketTimeout: silenceMs, reconnectStrategy: retryMs },
  })
  return client.on('error', () => undefined)
}

/**
 * The one connection that all requests share. While Redis is away every send fails at once, and the connection comes
 * back by itself. Nothing is ever sent twice: a lost reply is an error of that request, as it is with Upstash.
 */
export class SharedRedis {
  readonly #client: ReturnType<typeof redisClient>
  #waiting = 0

  private constructor(client: ReturnType<typeof redisClient>) {
    this.#client = client
  }

  /** Rejects if Redis is not there now; later absences are survived. */
  static async open(url: string): Promise<SharedRedis> {
    let isOpen = false
    const client = redisClient(
      url,
      (retries) => isOpen && Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS),
      SILENCE_MS,
    )
    try {
      await client.connect()
      // Tells a Redis that is ready from one that is still loading or out of connections.
      await client.ping()
    } catch (error) {
      if (client.isOpen) client.destroy()
      const why = error instanceof Error ? error.message : error
      throw new Error(`Redis at ${new URL(url).host}: ${why}`, { cause: error })
    }
    isOpen = true
    return new SharedRedis(client)
  }

  /**
   * The replies, in order. The commands are sent back to back, so no other request's command comes between them:
   * MULTI ... EXEC is safe here.
   */
  async send(commands: readonly Command[]): Promise<Reply[]> {
    if (this.#waiting >= MAX_WAITING) throw new RedisAway('Redis does not answer')
    this.#waiting += 1
    try {
      const replies = commands.map((command) => this.#client.sendCommand<Reply>(command, AS_UPSTASH_SHOWS))
      return await Promise.all(replies.map((reply) => reply.catch(asReply)))
    } finally {
      this.#waiting -= 1
    }
  }

  close(): void {
    if (this.#client.isOpen) this.#client.destroy()
  }
}

function asReply(error: unknown): ErrorReply {
  if (error instanceof ErrorReply) return error
  throw new RedisAway('Redis is not reachable', { cause: error })
}

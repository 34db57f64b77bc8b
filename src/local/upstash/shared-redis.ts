import { openRedisLink, type RedisAddress, type RedisLink } from './redis-link.ts'
import type { Command, Reply } from './resp.ts'

/** Redis cannot be asked, or went away before it answered: the commands may or may not have run. */
export class RedisAway extends Error {
  override name = 'RedisAway' as const
}

interface Batch {
  readonly size: number
  readonly replies: Reply[]
  readonly resolve: (replies: readonly Reply[]) => void
  readonly reject: (error: Error) => void
}

const FIRST_RETRY_MS = 25
const LONGEST_RETRY_MS = 500
/** Requests waiting for a Redis that hangs; more are refused, so that memory stays bounded. */
const MAX_WAITING = 10_000

/**
 * The one connection that all requests share. While Redis is away every send fails at once, and the connection comes
 * back by itself. Nothing is ever sent twice: a lost reply is an error of that request, as it is with Upstash.
 */
export class SharedRedis {
  readonly #address: RedisAddress
  #link: RedisLink | undefined
  #waiting: Batch[] = []
  #retry: NodeJS.Timeout | undefined
  #closed = false

  private constructor(address: RedisAddress) {
    this.#address = address
  }

  /** Rejects if Redis is not there now; later absences are survived. */
  static async open(address: RedisAddress): Promise<SharedRedis> {
    const shared = new SharedRedis(address)
    await shared.#connect()
    return shared
  }

  /**
   * The replies, in order. The commands go out in one write, so no other request's command comes between them:
   * MULTI ... EXEC is safe here.
   */
  send(commands: readonly Command[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      if (this.#link === undefined) return reject(new RedisAway('Redis is not reachable'))
      if (this.#waiting.length >= MAX_WAITING) return reject(new RedisAway('Redis does not answer'))
      this.#waiting.push({ size: commands.length, replies: [], resolve, reject })
      this.#link.write(commands)
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#link?.destroy()
    this.#lost()
  }

  async #connect(): Promise<void> {
    const link = await openRedisLink(this.#address, {
      onReply: (reply) => this.#receive(reply),
      onClose: () => {
        this.#lost()
        this.#reconnect(FIRST_RETRY_MS)
      },
      onSilence: () => {
        if (this.#waiting.length > 0) this.#link?.destroy()
      },
    })
    if (this.#closed) link.destroy()
    else this.#link = link
  }

  #reconnect(delayMs: number): void {
    if (this.#closed) return
    this.#retry = setTimeout(() => {
      this.#connect().catch(() => this.#reconnect(Math.min(delayMs * 2, LONGEST_RETRY_MS)))
    }, delayMs)
  }

  #receive(reply: Reply): void {
    const batch = this.#waiting[0]
    if (batch === undefined) return
    batch.replies.push(reply)
    if (batch.replies.length < batch.size) return
    this.#waiting.shift()
    batch.resolve(batch.replies)
  }

  #lost(): void {
    this.#link = undefined
    const abandoned = this.#waiting
    this.#waiting = []
    for (const batch of abandoned) batch.reject(new RedisAway('Redis closed the connection'))
  }
}

/**
 * @module
 * The one way to Redis: Upstash's REST client, bounded in time, behind a circuit breaker, its failures turned into
 * `SourceUnavailable`.
 */
import { Redis } from '@upstash/redis/cloudflare'
import { type Breaker, BreakerOpen } from '../breaker.ts'
import type { Config } from '../config.ts'
import { SourceUnavailable } from '../errors.ts'

export type RedisReply = string | number | null | readonly RedisReply[]

export interface RedisClient {
  /**
   * Runs a Lua script, which must do no harm when it runs twice. Bulk strings come back as strings, integers as numbers,
   * nil as null.
   * @throws {SourceUnavailable} on any failure; unless its `wasSent` is false, the script may have run.
   */
  eval(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<RedisReply>
  /** Runs one command of the same nature. Throws like `eval`. */
  command(name: string, ...args: readonly (string | number)[]): Promise<RedisReply>
}

/** Sends one request, once. Rejects with Redis's error reply, with a `TimeoutError`, or with whatever went wrong. */
export interface RedisTransport {
  eval(script: string, keys: string[], args: (string | number)[]): Promise<unknown>
  exec(command: [string, ...(string | number)[]]): Promise<unknown>
}

export function createRedisClient(
  config: Config['redis'],
  breaker: Breaker,
  redis: RedisTransport = upstash(config),
): RedisClient {
  const run = async (request: () => Promise<unknown>): Promise<RedisReply> => {
    let failure: unknown
    for (let tries = 0; tries <= config.retries; tries++) {
      try {
        return (await breaker.run(request)) as RedisReply
      } catch (error) {
        // The breaker may open between two tries: that the second was not sent does not unsend the first.
        if (tries === 0 || !(error instanceof BreakerOpen)) failure = error
        if (error instanceof BreakerOpen || isTimeout(error) || !isRedisOutage(error)) break
      }
    }
    throw new SourceUnavailable('redis', failure)
  }
  return {
    eval: (script, keys, args) => run(() => redis.eval(script, [...keys], [...args])),
    command: (name, ...args) => run(() => redis.exec([name, ...args])),
  }
}

function upstash(config: Config['redis']): RedisTransport {
  return new Redis({
    url: config.url,
    token: config.token,
    // As a function: a plain signal makes GET resolve to null on a time-out, which would read as "not cached".
    signal: () => AbortSignal.timeout(config.timeoutMs),
    // `retry: false` still retries once in 1.39.
    retry: { retries: 0 },
    // It would tie the requests of different visitors to one subrequest of one of them.
    enableAutoPipelining: false,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
  })
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/** Redis's own error replies begin with a code in capitals (`WRONGTYPE ...`): it is there, but refuses this request. */
export function isRedisOutage(error: unknown): boolean {
  return !(error instanceof Error && /^(?:ERR|WRONGTYPE|NOSCRIPT|NOPERM|EXECABORT) /.test(error.message))
}

/**
 * @module
 * The one way to Redis: Upstash's REST client, bounded in time, behind a circuit breaker, its failures turned into
 * `SourceUnavailable`.
 */
import { Redis } from '@upstash/redis/cloudflare'
import { type Breaker, BreakerOpen } from '../breaker.ts'
import type { Config } from '../config.ts'
import { SourceUnavailable } from '../errors.ts'
import { isSubrequestLimit } from '../subrequest-limit.ts'
import { noteSubrequest } from '../subrequests.ts'
import { refusalOf } from './refusals.ts'

export type RedisReply = string | number | null | readonly RedisReply[]

/** Empty where the reply is no list. */
export const listOf = (reply: RedisReply | undefined): readonly RedisReply[] =>
  Array.isArray(reply) ? reply : []

export interface RedisClient {
  /**
   * Runs a Lua script. Bulk strings come back as strings, integers as numbers, nil as null.
   * @param retries tries after the first one when Redis does not answer, default: as configured. 0 for a script that must
   * know whether it may have run before.
   * @throws {SourceUnavailable} on any failure; unless its `wasSent` is false, the script may have run.
   */
  eval(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    retries?: number,
  ): Promise<RedisReply>
  /** Runs one command, which must do no harm when it runs twice. Throws like `eval`. */
  command(name: string, ...args: readonly (string | number)[]): Promise<RedisReply>
}

/** Sends one request, once. Rejects with Redis's error reply, with a `TimeoutError`, or with the error of the transport. */
export interface RedisTransport {
  eval(script: string, keys: string[], args: (string | number)[]): Promise<unknown>
  exec(command: [string, ...(string | number)[]]): Promise<unknown>
}

/**
 * Background work (hits, publications, flushes) may take this long where visitors have given up: from a far location,
 * and with bulky replies. Twice of it ends before the platform ends background work, 30 s after the response.
 */
export const REDIS_BACKGROUND_TIMEOUT_MS = 5_000

/** Clients for different time-outs take different breakers: a Redis too far for visitors is near enough for their hits. */
export function createRedisClient(
  config: Config['redis'],
  breaker: Breaker,
  redis: RedisTransport = upstash(config),
): RedisClient {
  const run = async (request: () => Promise<unknown>, retries = config.retries): Promise<RedisReply> => {
    let mayHaveRun = false
    for (let triesLeft = retries; ; triesLeft--) {
      try {
        const reply = await breaker.run(() => {
          noteSubrequest()
          return request()
        })
        return reply as RedisReply
      } catch (error) {
        // That the second try was not sent, or refused, does not undo the first.
        mayHaveRun ||= !isUndone(error)
        const mayHelp = !isUndone(error) && isRedisOutage(error) && !isTimeout(error)
        if (triesLeft === 0 || !mayHelp) throw new SourceUnavailable('redis', error, mayHaveRun)
      }
    }
  }
  return {
    eval: (script, keys, args, retries) => run(() => redis.eval(script, [...keys], [...args]), retries),
    command: (name, ...args) => run(() => redis.exec([name, ...args])),
  }
}

export function upstash(config: Config['redis']): RedisTransport {
  return new Redis({
    url: config.url,
    token: config.token,
    // As a function: a plain signal makes GET resolve to null on a time-out, which would read as "not cached".
    signal: () => AbortSignal.timeout(config.timeoutMs),
    // `retry: false` still retries once in 1.39.
    retry: { retries: 0 },
    // It would tie the requests of different visitors to one subrequest of one of them.
    enableAutoPipelining: false,
    // It would have a replica wait, for any link, until it has what this isolate wrote last, for another link. Versions
    // tell what is too old: see replica-lag.ts.
    readYourWrites: false,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
  })
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

/**
 * For the circuit breaker: an error reply that is about this one request is none, and a request that the platform did not
 * send tells nothing.
 */
export function isRedisOutage(error: unknown): boolean | null {
  if (isSubrequestLimit(error)) return null
  const refusal = refusalOf(error)
  return refusal === null || refusal === 'out of order'
}

/** Whether an error says that Redis has certainly executed nothing. */
function isUndone(error: unknown): boolean {
  if (error instanceof BreakerOpen || isSubrequestLimit(error)) return true
  const refusal = refusalOf(error)
  return refusal === 'out of order' || refusal === 'too large'
}

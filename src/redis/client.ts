/**
 * @module
 * The one way to Redis: Upstash's REST client, bounded in time, its failures turned into `SourceUnavailable`.
 */
import { Redis } from '@upstash/redis/cloudflare'
import type { Config } from '../config.ts'
import { SourceUnavailable } from '../errors.ts'

export type RedisReply = string | number | null | readonly RedisReply[]

export interface RedisClient {
  /** @throws {SourceUnavailable} on any failure; whether a write took effect is then unknown. */
  get(key: string): Promise<string | null>
  /** Runs a Lua script. Bulk strings come back as strings, integers as numbers, nil as null. Throws like `get`. */
  eval(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<RedisReply>
}

export function createRedisClient({ url, token, timeoutMs }: Config['redis']): RedisClient {
  const redis = new Redis({
    url,
    token,
    // As a function: a plain signal makes GET resolve to null on a time-out, which would read as "not cached".
    signal: () => AbortSignal.timeout(timeoutMs),
    // `retry: false` still retries once in 1.39.
    retry: { retries: 0 },
    // It would tie the requests of different visitors to one subrequest of one of them.
    enableAutoPipelining: false,
    automaticDeserialization: false,
    responseEncoding: false,
    enableTelemetry: false,
  })
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw new SourceUnavailable('redis', error)
    }
  }
  return {
    get: (key) => guard(redis.get<string>(key)),
    eval: (script, keys, args) => guard(redis.eval(script, [...keys], [...args]) as Promise<RedisReply>),
  }
}

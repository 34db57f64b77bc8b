import { createHash } from 'node:crypto'
import type { RedisTransport } from '../../../src/redis/client.ts'
import type { RedisConnection } from './bench-redis.ts'

/** Straight to Redis, without HTTP: what a script costs there and nothing else. Redis knows a script by its hash. */
export function directTransport(redis: RedisConnection): RedisTransport {
  const hashes = new Map<string, string>()
  const hashOf = (script: string): string => {
    const hash = hashes.get(script) ?? createHash('sha1').update(script).digest('hex')
    hashes.set(script, hash)
    return hash
  }
  return {
    async eval(script, keys, args) {
      const rest = [String(keys.length), ...keys, ...args.map(String)]
      try {
        return await redis.sendCommand(['EVALSHA', hashOf(script), ...rest])
      } catch (error) {
        if (!String(error).includes('NOSCRIPT')) throw error
        return redis.sendCommand(['EVAL', script, ...rest])
      }
    },
    exec: (command) => redis.sendCommand(command.map(String)),
  }
}

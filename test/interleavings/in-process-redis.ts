import { createInMemoryClient } from 'js-redis-server'

/** A Redis in this process that runs real scripts, in microtasks only, by the time of `Date.now`. */
export interface InProcessRedis {
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>
}

let started: Promise<InProcessRedis> | undefined

async function start(): Promise<InProcessRedis> {
  const redis = await createInMemoryClient()
  // The first script loads the interpreter; later ones wait for nothing.
  await redis.command('EVAL', 'return 1', 0)
  return redis
}

/** The same one for every schedule of a process, emptied: starting it costs more than a schedule. */
export async function emptyRedis(): Promise<InProcessRedis> {
  started ??= start()
  const redis = await started
  await redis.command('FLUSHALL')
  return redis
}

import { InMemoryRedis } from 'js-redis-server'
import { createRedisCommandExecutor, type KeyspaceEntry, RedisServerState } from 'js-redis-server/core'

/** A Redis in this process that runs real scripts, in microtasks only, by the time of `Date.now`. */
export interface InProcessRedis {
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** Everything that it holds now. */
  snapshot(): Snapshot
  /** As it does after a failover or from a backup: it holds what it held then. Keys whose time has come are gone. */
  restore(snapshot: Snapshot): void
}

export type Snapshot = readonly KeyspaceEntry[]

let started: Promise<InProcessRedis> | undefined

async function start(): Promise<InProcessRedis> {
  const state = new RedisServerState({ databaseCount: 1 })
  const database = state.getDatabase(0)
  const redis = new InMemoryRedis(state, createRedisCommandExecutor()).connect()
  // The first script loads the interpreter; later ones wait for nothing.
  await redis.command('EVAL', 'return 1', 0)
  return {
    command: (name, ...args) => redis.command(name, ...args),
    snapshot: () => database.entriesSnapshot(),
    restore(snapshot) {
      database.flush()
      for (const { key, value, expiresAt } of snapshot) {
        database.set(key, value, expiresAt === undefined ? {} : { expiresAt })
      }
    },
  }
}

/** The same one for every schedule of a process, emptied: starting it costs more than a schedule. */
export async function emptyRedis(): Promise<InProcessRedis> {
  started ??= start()
  const redis = await started
  await redis.command('FLUSHALL')
  return redis
}

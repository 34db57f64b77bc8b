import { InMemoryRedis } from 'js-redis-server'
import { createRedisCommandExecutor, type KeyspaceEntry, RedisServerState } from 'js-redis-server/core'
import { stripKeyLocking } from '../../src/local/upstash/key-locking.ts'
import { KEY_LOCKING } from '../../src/redis/scripts/key-locking.ts'

/** A Redis in this process that runs real scripts, in microtasks only, by the time of `Date.now`. */
export interface InProcessRedis {
  /** As Upstash it refuses a script that locks its keys and touches another one. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** GET from a replica, which has what was here so many milliseconds ago. */
  getFromReplica(key: string, lagMs: number): string | null
  /** Replicas have everything that it holds now, as if it had been there for long. */
  syncReplicas(): void
  /** Everything that it holds now. */
  snapshot(): Snapshot
  /** As it does after a failover or from a backup: it holds what it held then. Keys whose time has come are gone. */
  restore(snapshot: Snapshot): void
}

export type Snapshot = readonly KeyspaceEntry[]

/**
 * Takes the place of a script's first line. The message is Upstash's: `ERR Dynamic keys are not allowed in Lua scripts when
 * 'allow-key-locking' flag is set.`
 */
const ONLY_DECLARED_KEYS = `
local redis = (function(real)
  local declared = {}
  for _, key in ipairs(KEYS) do declared[key] = true end
  local function only(call)
    return function(name, key, ...)
      if not declared[key] then error('ERR Dynamic keys are not allowed in Lua scripts. Key was: ' .. tostring(key)) end
      return call(name, key, ...)
    end
  end
  return {call = only(real.call), pcall = only(real.pcall)}
end)(redis)`.replaceAll('\n', ' ')

let started: Promise<InProcessRedis> | undefined

async function start(): Promise<InProcessRedis> {
  const state = new RedisServerState({ databaseCount: 1 })
  const database = state.getDatabase(0)
  const redis = new InMemoryRedis(state, createRedisCommandExecutor()).connect()
  // The first script loads the interpreter; later ones wait for nothing.
  await redis.command('EVAL', 'return 1', 0)
  let history: { readonly at: number; readonly held: Snapshot }[] = []
  const keepForReplicas = (): void => {
    history.push({ at: Date.now(), held: database.entriesSnapshot() })
  }
  return {
    async command(name, script = '', ...args) {
      const isKeyLocking = name === 'EVAL' && String(script).startsWith(KEY_LOCKING)
      const sent = isKeyLocking ? `${ONLY_DECLARED_KEYS} ${stripKeyLocking(String(script))}` : script
      try {
        return await redis.command(name, ...(sent === '' ? [] : [sent]), ...args)
      } finally {
        if (name !== 'GET') keepForReplicas()
      }
    },
    getFromReplica(key, lagMs) {
      const held = history.findLast(({ at }) => at <= Date.now() - lagMs)?.held ?? []
      const entry = held.find((candidate) => candidate.key.toString() === key)
      const isThere = entry !== undefined && (entry.expiresAt ?? Number.POSITIVE_INFINITY) > Date.now()
      return isThere && entry.value.type === 'string' ? entry.value.value.toString() : null
    },
    syncReplicas() {
      history = [{ at: 0, held: database.entriesSnapshot() }]
    },
    snapshot: () => database.entriesSnapshot(),
    restore(snapshot) {
      database.flush()
      for (const { key, value, expiresAt } of snapshot) {
        database.set(key, value, expiresAt === undefined ? {} : { expiresAt })
      }
      keepForReplicas()
    },
  }
}

/** The same one for every schedule of a process, emptied: starting it costs more than a schedule. */
export async function emptyRedis(): Promise<InProcessRedis> {
  started ??= start()
  const redis = await started
  await redis.command('FLUSHALL')
  redis.syncReplicas()
  return redis
}

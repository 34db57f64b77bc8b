import { type Environment, type Places, readPlaces } from '../node/places.ts'

/** What the environment says about the local stack. Everything has a default; nothing set is an empty string. */
export interface StackOptions extends Places {
  /** A real Redis; `undefined` = embedded, in memory. */
  readonly redisUrl: string | undefined
  /** A real Postgres; `undefined` = PGlite, kept in `dataDir`. */
  readonly databaseUrl: string | undefined
  readonly ports: {
    readonly worker: number | undefined
    readonly redisBridge: number | undefined
    readonly postgresBridge: number | undefined
  }
}

/** @throws an error that names the malformed variable. */
export function readStackOptions(env: Environment): StackOptions {
  const text = (name: string): string | undefined => env[name]?.trim() || undefined
  const port = (name: string): number | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= 1 && number <= 65_535) return number
    throw new Error(`${name} is malformed: set it to a port from 1 to 65535, or leave it out`)
  }
  return {
    redisUrl: text('REDIS_URL'),
    databaseUrl: text('DATABASE_URL'),
    ...readPlaces(env),
    ports: {
      worker: port('PORT'),
      redisBridge: port('UPSTASH_BRIDGE_PORT'),
      postgresBridge: port('NEON_BRIDGE_PORT'),
    },
  }
}

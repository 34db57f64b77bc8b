import { randomBytes } from 'node:crypto'
import { rootMessage } from '../node/root-message.ts'
import { storePlace } from '../node/store-place.ts'
import { choosePort, type PortWish } from './choose-port.ts'
import type { DevVarsDemands } from './dev-vars.ts'
import { type NeonBridge, startNeonBridge } from './neon-bridge.ts'
import type { StackOptions } from './stack-options.ts'
import type { Step } from './steps.ts'
import { startUpstashBridge, type UpstashBridge } from './upstash-bridge.ts'

export interface Bridges {
  readonly upstash: UpstashBridge
  readonly neon: NeonBridge
  /** For a person: where the data really is. */
  readonly redisPlace: string
  readonly postgresPlace: string
  close(): Promise<void>
}

export interface StartBridgesOptions {
  readonly stack: StackOptions
  readonly demands: DevVarsDemands
  /**
   * Whether a port in `.dev.vars` that is taken is an error: it must be, where a Worker started by hand will look for
   * the bridge there.
   */
  readonly keepsPorts: boolean
  readonly step: Step
}

/** Near 8787, where wrangler serves, but clear of the ports that it goes on to when that is taken. */
const REDIS_BRIDGE_PORT = 8797
const POSTGRES_BRIDGE_PORT = 8798

/** Both or none. Rejects with what a person can do about it. */
export async function startBridges({
  stack,
  demands,
  keepsPorts,
  step,
}: StartBridgesOptions): Promise<Bridges> {
  const redisPlace = placeOfRedis(stack)
  const postgresPlace = placeOfPostgres(stack)
  const { ports, devVarsFile } = stack
  const decided = (variable: string, fromEnv?: number, fromFile?: number): PortWish['decided'] => {
    if (fromEnv !== undefined) return { port: fromEnv, by: variable }
    return keepsPorts && fromFile !== undefined ? { port: fromFile, by: devVarsFile } : undefined
  }

  const redisPort = await choosePort({
    purpose: 'Redis bridge',
    decided: decided('UPSTASH_BRIDGE_PORT', ports.redisBridge, demands.redisPort),
    preferred: demands.redisPort ?? REDIS_BRIDGE_PORT,
  })
  const token = demands.redisToken ?? randomBytes(24).toString('hex')
  const upstash = await step(`Redis: ${redisPlace}`, () =>
    startUpstashBridge({ redisUrl: stack.redisUrl, token, port: redisPort }),
  ).catch((error: unknown) => {
    if (stack.redisUrl === undefined) throw error
    throw new Error(`Redis at ${redisPlace}: ${rootMessage(error)}`, { cause: error })
  })
  try {
    const { databaseUrl, dataDir } = stack
    const postgresPort = await choosePort({
      purpose: 'Postgres bridge',
      decided: decided('NEON_BRIDGE_PORT', ports.postgresBridge, demands.postgresPort),
      preferred: demands.postgresPort ?? POSTGRES_BRIDGE_PORT,
    })
    const neon = await step(`Postgres: ${postgresPlace}`, () =>
      startNeonBridge({ databaseUrl, dataDir, port: postgresPort }),
    )
    return {
      upstash,
      neon,
      redisPlace,
      postgresPlace,
      async close() {
        await Promise.all([upstash.close(), neon.close()])
      },
    }
  } catch (error) {
    await upstash.close()
    if (stack.databaseUrl !== undefined || !isDamage(error)) throw error
    throw new Error(
      `The embedded Postgres cannot read its files. Delete ${stack.dataDir} to start with an empty one.`,
      { cause: error },
    )
  }
}

/** How PGlite says that Postgres itself gave up at its start. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && /^Aborted\(|^PGlite failed|unreachable/.test(error.message)
}

function placeOfRedis({ redisUrl }: StackOptions): string {
  if (redisUrl === undefined) return 'embedded, in memory'
  const place = storePlace(redisUrl, ['redis:'])
  if (place !== null) return place
  throw new Error(
    'REDIS_URL is malformed: set it to redis://host:port, or leave it out for an embedded Redis',
  )
}

function placeOfPostgres({ databaseUrl, dataDir }: StackOptions): string {
  if (databaseUrl === undefined) return `embedded, kept in ${dataDir}`
  const place = storePlace(databaseUrl, ['postgres:', 'postgresql:'])
  if (place !== null) return place
  throw new Error(
    'DATABASE_URL is malformed: set it to postgresql://user:password@host/database, or leave it out for an embedded Postgres',
  )
}

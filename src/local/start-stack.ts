import { randomBytes } from 'node:crypto'
import { appendFile, chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Config, parseConfig } from '../config.ts'
import type { FlushReport } from '../hits/flush.ts'
import { migrate } from '../node/migrate.ts'
import { makePrivateFolder, writePrivateFile } from '../node/private-files.ts'
import { rootMessage } from '../node/root-message.ts'
import { createRuntime } from '../runtime.ts'
import { createServices } from '../services.ts'
import {
  type DevVarsDemands,
  demandsOf,
  differences,
  formatEnvFile,
  missingLines,
  parseDevVars,
  type StackSettings,
} from './dev-vars.ts'
import type { StackOptions } from './stack-options.ts'
import { type Bridges, startBridges } from './start-bridges.ts'
import type { Step } from './steps.ts'

export interface Stack extends Omit<Bridges, 'upstash' | 'neon'> {
  /** The Worker's settings for this stack, parsed. */
  readonly config: Config
  /** The same as a file for `wrangler dev --env-file`, with whatever else `.dev.vars` sets. */
  readonly envFile: string
  /** A plain Postgres URL of the same database. */
  readonly databaseUrl: string
  /** The one that the Worker gets. */
  readonly adminToken: string
  /** Whether `.dev.vars` was made or completed. */
  readonly wroteDevVars: boolean
  /** Names in `.dev.vars` that lead a plain `wrangler dev` elsewhere. */
  readonly differences: readonly string[]
  /** Moves the hits that wait in Redis to Postgres. */
  flush(): Promise<FlushReport>
}

/** No redirect waits here, and no hit may be given up because a store was slow once. */
const FLUSH_TIMEOUT_MS = 10_000

/** Both stores behind their bridges, migrated, and the files that lead a Worker to them. Rejects with what to do. */
export async function startStack(options: StackOptions, keepsPorts: boolean, step: Step): Promise<Stack> {
  const { devVarsFile, dataDir } = options
  const text = await readIfThere(devVarsFile)
  const vars = parseDevVars(text)
  const demands = demandsOf(vars)
  const bridges = await startBridges({ stack: options, demands, keepsPorts, step })
  const { redisPlace, postgresPlace } = bridges
  try {
    const settings = settingsFor(bridges, demands)
    const everything = { ...vars, ...settings }
    const config = parseConfig(everything)
    await step('Migrations', () => migrate(bridges.neon.databaseUrl)).catch((error: unknown) => {
      throw new Error(`Could not migrate Postgres (${postgresPlace}): ${rootMessage(error)}`)
    })

    const lines = missingLines(vars, settings)
    if (lines !== '') await appendPrivately(devVarsFile, /[^\n]$/.test(text) ? `\n${lines}` : lines)
    const envFile = join(dataDir, 'worker.env')
    makePrivateFolder(dataDir)
    writePrivateFile(envFile, formatEnvFile(everything))

    return {
      config,
      adminToken: settings.ADMIN_TOKEN,
      envFile,
      redisPlace,
      postgresPlace,
      databaseUrl: bridges.neon.databaseUrl,
      wroteDevVars: lines !== '',
      differences: differences(vars, settings),
      flush: () => flush(config),
      close: bridges.close,
    }
  } catch (error) {
    await bridges.close()
    throw error
  }
}

/** What a Worker needs to work on these bridges. The admin token is the one in use, or a new random one. */
function settingsFor({ upstash, neon }: Bridges, demands: DevVarsDemands): StackSettings {
  return {
    UPSTASH_REDIS_REST_URL: upstash.url,
    UPSTASH_REDIS_REST_TOKEN: upstash.token,
    DATABASE_URL: neon.connectionString,
    NEON_FETCH_ENDPOINT: neon.fetchEndpoint,
    ADMIN_TOKEN: demands.adminToken ?? randomBytes(24).toString('hex'),
  }
}

async function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

/** From the moment that a token of ours is in it, only its owner reads it. */
async function appendPrivately(file: string, lines: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await appendFile(file, '', { mode: 0o600 })
  await chmod(file, 0o600)
  await appendFile(file, lines)
}

/** In this process, so that it works without a Worker too. */
function flush({ redis, postgres, ...config }: Config): Promise<FlushReport> {
  const patient: Config = {
    ...config,
    redis: { ...redis, timeoutMs: FLUSH_TIMEOUT_MS },
    postgres: { ...postgres, timeoutMs: FLUSH_TIMEOUT_MS },
  }
  return createServices(
    patient,
    createRuntime(() => undefined),
  ).flush()
}

import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { migrate } from '../cli/migrate.ts'
import { rootMessage } from '../cli/root-message.ts'
import { type Config, parseConfig } from '../config.ts'
import type { FlushReport } from '../hits/flush.ts'
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

export interface Stack {
  /** The Worker's settings for this stack, parsed. */
  readonly config: Config
  /** The same as a file for `wrangler dev --env-file`, with whatever else `.dev.vars` sets. */
  readonly envFile: string
  /** For a person: where Redis's and Postgres's data really is. */
  readonly redisPlace: string
  readonly postgresPlace: string
  /** Whether `.dev.vars` was made or completed. */
  readonly wroteDevVars: boolean
  /** Names in `.dev.vars` that lead a plain `wrangler dev` elsewhere. */
  readonly differences: readonly string[]
  /** Moves the hits that wait in Redis to Postgres. */
  flush(): Promise<FlushReport>
  close(): Promise<void>
}

/** Nobody waits for a redirect here, and no hit may be given up because a store was slow once. */
const FLUSH_TIMEOUT_MS = 10_000

/** Only its owner reads a file with tokens in it. */
const PRIVATE = 0o600

/** Both stores behind their bridges, migrated, and the files that lead a Worker to them. Rejects with what to do. */
export async function startStack(options: StackOptions, keepsPorts: boolean): Promise<Stack> {
  const { devVarsFile, dataDir } = options
  const text = await readIfThere(devVarsFile)
  const vars = parseDevVars(text)
  const demands = demandsOf(vars)
  const bridges = await startBridges({ stack: options, demands, keepsPorts })
  try {
    const settings = settingsFor(bridges, demands)
    const everything = { ...vars, ...settings }
    const config = parseConfig(everything)
    await migrate(bridges.neon.databaseUrl).catch((error: unknown) => {
      throw new Error(`Could not migrate Postgres (${bridges.postgresPlace}): ${rootMessage(error)}`)
    })

    const lines = missingLines(vars, settings)
    if (lines !== '') {
      await mkdir(dirname(devVarsFile), { recursive: true })
      await appendFile(devVarsFile, /[^\n]$/.test(text) ? `\n${lines}` : lines, { mode: PRIVATE })
    }
    const envFile = join(dataDir, 'worker.env')
    await mkdir(dataDir, { recursive: true })
    await writeFile(envFile, formatEnvFile(everything), { mode: PRIVATE })

    return {
      config,
      envFile,
      redisPlace: bridges.redisPlace,
      postgresPlace: bridges.postgresPlace,
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

import { fileURLToPath } from 'node:url'

export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url).href)

export type Environment = Readonly<Record<string, string | undefined>>

export interface Places {
  /** Where the embedded Postgres and the Worker's generated settings are kept. */
  readonly dataDir: string
  /** The settings of a plain `wrangler dev`; made if it is not there. */
  readonly devVarsFile: string
}

/** Where the local stack of this clone keeps what it knows. */
export function readPlaces(env: Environment): Places {
  return {
    dataDir: env.LINKR_DATA_DIR?.trim() || `${PROJECT_DIR}.linkr`,
    devVarsFile: env.LINKR_DEV_VARS?.trim() || `${PROJECT_DIR}.dev.vars`,
  }
}

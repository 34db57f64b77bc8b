/**
 * @module
 * `.dev.vars`, the settings of a plain `wrangler dev`, and how the local stack lives with what is already in it.
 */
import { parseEnv } from 'node:util'

export type Settings = Readonly<Record<string, string>>

/** The settings that lead a Worker to the local stack. */
export interface StackSettings {
  readonly UPSTASH_REDIS_REST_URL: string
  readonly UPSTASH_REDIS_REST_TOKEN: string
  readonly DATABASE_URL: string
  readonly NEON_FETCH_ENDPOINT: string
  readonly ADMIN_TOKEN: string
}

/** What the stack must do for an existing file to go on working. `undefined` = the file leaves it open. */
export interface DevVarsDemands {
  readonly adminToken: string | undefined
  readonly redisToken: string | undefined
  readonly redisPort: number | undefined
  readonly postgresPort: number | undefined
}

/** Settings that only make sense together. */
const GROUPS: readonly (readonly (keyof StackSettings)[])[] = [
  ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'],
  ['NEON_FETCH_ENDPOINT', 'DATABASE_URL'],
  ['ADMIN_TOKEN'],
]

const HEADER =
  '# Settings of the Worker under `wrangler dev`, made by linkr for its local stack (npm run stack).\n' +
  '# Yours to edit: linkr reads tokens and ports from here, adds what is missing and changes nothing.\n'

export function parseDevVars(text: string): Settings {
  return parseEnv(text) as Settings
}

/** A URL elsewhere is a real store: it demands nothing of the local stack, and its token stays unread. */
export function demandsOf(vars: Settings): DevVarsDemands {
  const redisPort = loopbackPort(vars.UPSTASH_REDIS_REST_URL)
  return {
    adminToken: vars.ADMIN_TOKEN || undefined,
    redisToken: redisPort === undefined ? undefined : vars.UPSTASH_REDIS_REST_TOKEN || undefined,
    redisPort,
    postgresPort: loopbackPort(vars.NEON_FETCH_ENDPOINT),
  }
}

/**
 * The lines to append so that a file with `vars` leads to the stack as far as it leaves that open; '' = none. Half of a
 * real store's settings is not completed with the other half of ours.
 */
export function missingLines(vars: Settings, stack: StackSettings): string {
  const missing = GROUPS.filter(
    (group) => group.every((name) => !vars[name]) || loopbackPort(vars[group[0] ?? '']) !== undefined,
  )
    .flat()
    .filter((name) => !vars[name])
  const lines = missing.map((name) => `${name}=${quote(stack[name])}\n`).join('')
  return Object.keys(vars).length === 0 ? HEADER + lines : lines
}

/** Names whose values lead a plain `wrangler dev` elsewhere than to the stack. */
export function differences(vars: Settings, stack: StackSettings): readonly string[] {
  return GROUPS.filter((group) => group.some((name) => vars[name]))
    .flat()
    .filter((name) => withoutAlias(vars[name] ?? '') !== withoutAlias(stack[name]))
}

/** A file for `wrangler dev --env-file`, in which `$` would be expanded. */
export function formatEnvFile(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quote(value).replaceAll('$', '\\$')}\n`)
    .join('')
}

function quote(value: string): string {
  const mark = ["'", '"', '`'].find((candidate) => !value.includes(candidate)) ?? '"'
  return `${mark}${value}${mark}`
}

function loopbackPort(url: string | undefined): number | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'http:' || !['127.0.0.1', 'localhost'].includes(hostname)) return undefined
  return Number(port || 80)
}

function withoutAlias(url: string): string {
  return url.replace(/^http:\/\/localhost(?=[:/]|$)/, 'http://127.0.0.1').replace(/\/$/, '')
}

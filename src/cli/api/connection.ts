import type { Environment } from '../../node/places.ts'
import { findRunningStack, type RunningStack } from '../../node/running-stack.ts'
import { UsageError } from '../cli-error.ts'

export interface ConnectionOptions {
  readonly url?: string
  readonly token?: string
}

export interface Connection {
  /** Without a trailing slash. */
  readonly origin: string
  readonly token: string
  /** Something to tell before the first request; `undefined` = nothing. */
  readonly warning?: string
}

/**
 * Which linkr to talk to, and as whom. The command line wins over the environment, and that over the `npm run dev` of
 * this clone. A token only goes where it was made for: LINKR_TOKEN to LINKR_URL, that of `npm run dev` to its Worker.
 * `--url` and `--token` are how to ask for something else.
 */
export function findConnection(
  options: ConnectionOptions,
  env: Environment,
  running: RunningStack | null = findRunningStack(env),
): Connection {
  const given = options.url ?? (env.LINKR_URL || running?.worker?.url)
  if (given === undefined) {
    throw new UsageError(
      'Which linkr? Set LINKR_URL (or --url) to its address. (npm run dev does not run in this clone.)',
    )
  }
  const url = parseOrigin(given)
  const { origin, isLoopback } = url
  const token = options.token ?? tokenFor(origin, options, env, running?.worker)
  if (token === '') throw new UsageError('The token (--token) is empty.')
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError('The token has characters that no token has.')
  if (isLoopback || url.isEncrypted) return { origin, token }
  return { origin, token, warning: `Warning: the token travels to ${origin} unencrypted. Use https.` }
}

function tokenFor(
  origin: string,
  options: ConnectionOptions,
  env: Environment,
  own: RunningStack['worker'],
): string {
  const home = env.LINKR_URL ? parseOrigin(env.LINKR_URL).origin : undefined
  const fromEnvironment = env.LINKR_TOKEN || undefined
  if (fromEnvironment !== undefined && home === origin) return fromEnvironment
  if (own?.url === origin && (options.url !== undefined || fromEnvironment === undefined))
    return own.adminToken
  if (fromEnvironment === undefined) {
    const hint = own === undefined ? '' : ` (The token of npm run dev is for ${own.url} only.)`
    throw new UsageError(
      `LINKR_TOKEN (or --token) is missing: an API key of ${origin}, or its ADMIN_TOKEN.${hint}`,
    )
  }
  if (home === undefined && options.url !== undefined) return fromEnvironment
  throw new UsageError(
    home === undefined
      ? `LINKR_TOKEN is set without LINKR_URL, which would say whose it is. Set both, or neither for ${origin}.`
      : `LINKR_TOKEN is for ${home} (LINKR_URL). Give the one for ${origin} as --token.`,
  )
}

function parseOrigin(given: string): { origin: string; isLoopback: boolean; isEncrypted: boolean } {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new UsageError(`LINKR_URL (or --url) must be like https://go.example.com, not "${given}".`)
  }
  return {
    origin: `${url.origin}${url.pathname.replace(/\/(?:api\/?)?$/, '')}`,
    isLoopback: /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname),
    isEncrypted: url.protocol === 'https:',
  }
}

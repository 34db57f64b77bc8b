import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
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

const DEFAULT_URL = 'http://127.0.0.1:8787'

/**
 * Which linkr to talk to, and as whom. The command line wins over the environment. Towards this machine, and nowhere
 * else, the ADMIN_TOKEN in .dev.vars stands in for a missing token: after `npm run dev` the CLI just works.
 */
export function findConnection(
  options: ConnectionOptions,
  env: Readonly<Record<string, string | undefined>>,
): Connection {
  const given = options.url ?? (env.LINKR_URL || DEFAULT_URL)
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new UsageError(`LINKR_URL (or --url) must be like https://go.example.com, not "${given}".`)
  }
  const origin = `${url.origin}${url.pathname.replace(/\/(?:api\/?)?$/, '')}`
  const local = isLoopback(url.hostname)
  const token = options.token ?? (env.LINKR_TOKEN || (local ? devToken() : undefined))
  if (token === undefined || token === '') {
    throw new UsageError(
      `LINKR_TOKEN (or --token) is missing: an API key of ${origin}, or its ADMIN_TOKEN.` +
        (local ? ' (There is no ADMIN_TOKEN in .dev.vars here either.)' : ''),
    )
  }
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError('The token has characters that no token has.')
  if (local || url.protocol === 'https:') return { origin, token }
  return { origin, token, warning: `Warning: the token travels to ${origin} unencrypted. Use https.` }
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function devToken(): string | undefined {
  try {
    return parseEnv(readFileSync('.dev.vars', 'utf8')).ADMIN_TOKEN
  } catch {
    return undefined
  }
}

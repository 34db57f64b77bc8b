import { authenticationFailed, SqlFailure } from './sql-failure.ts'

/** Who a client says it is, over HTTP, WebSocket or TCP. */
export interface Credentials {
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Names under which a client may reach a bridge that listens on loopback only; localtest.me resolves to 127.0.0.1. */
const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\]|([^.]+\.)*(localhost|localtest\.me))$/i

/**
 * Reads the `Neon-Connection-String` header, with Neon's wording for what is missing. The host only has to be one of
 * ours: nothing is ever connected to because a header named it.
 */
export function readConnectionString(header: string | undefined, serverHost: string): Credentials {
  if (header === undefined) throw new SqlFailure(400, 'invalid header: neon-connection-string')
  if (!URL.canParse(header)) throw new SqlFailure(400, 'invalid connection string: not a valid URL')
  const url = new URL(header)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw new SqlFailure(400, 'incorrect scheme')
  const database = decode(url.pathname.slice(1).split('/')[0] ?? '')
  if (database === '') throw new SqlFailure(400, 'missing database name')
  if (url.username === '') throw new SqlFailure(400, 'missing username')
  if (url.password === '') {
    throw new SqlFailure(400, 'missing authentication credentials: required password')
  }
  if (url.hostname === '') throw new SqlFailure(400, 'missing hostname')
  const user = decode(url.username)
  if (!LOOPBACK_HOST.test(url.hostname) && url.hostname !== serverHost) {
    throw authenticationFailed(user, `This local bridge serves 127.0.0.1 only, not ${url.hostname}.`)
  }
  return { user, password: decode(url.password), database }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new SqlFailure(400, 'invalid connection string: malformed percent-encoding')
  }
}

/** Only pages served from this machine may speak to the bridge: its password is no secret. */
export function allowedOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true
  return URL.canParse(origin) && LOOPBACK_HOST.test(new URL(origin).hostname)
}

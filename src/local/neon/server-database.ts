import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { serialize } from 'pg-protocol'
import type { Credentials } from './credentials.ts'
import type { Database } from './database.ts'
import type { Visitor } from './front-door.ts'
import { authenticationFailed, connectFailure } from './sql-failure.ts'
import { welcome } from './wire-messages.ts'

/** What a client must send where the server's URL has no password (trust authentication), as Neon insists on one. */
const PASSWORD_WHERE_NONE = 'linkr'

const CONNECT_TIMEOUT_MS = 10_000

/** Startup parameters that pg sets itself; the others become `-c name=value` options. */
const OWN_PARAMETERS = new Set(['user', 'database', 'application_name', 'options', 'client_encoding'])

/** pg's own connection, whose stream is taken over once the session is authenticated. */
interface Insides {
  readonly connection: pg.Connection & { readonly stream: Duplex }
  readonly processID: number
  readonly secretKey: number
}

/**
 * A Postgres server. The configured user must send the bridge's password, and is connected with the URL's; any other
 * user's name and password go to the server as they are. The server is always the configured one.
 */
export function openServerDatabase(databaseUrl: string): Database {
  const url = new URL(databaseUrl)
  const own: Credentials = {
    user: decodeURIComponent(url.username || 'postgres'),
    password: decodeURIComponent(url.password || PASSWORD_WHERE_NONE),
    database: decodeURIComponent(url.pathname.slice(1) || 'postgres'),
  }
  const open = new Set<Duplex>()

  function urlFor({ user, password, database }: Credentials): string {
    if (user === own.user && password !== own.password) {
      throw authenticationFailed(user, 'The connection string must be the one the bridge was started with.')
    }
    const target = new URL(url)
    target.username = encodeURIComponent(user)
    if (user !== own.user) target.password = encodeURIComponent(password)
    target.pathname = `/${encodeURIComponent(database)}`
    return target.href
  }

  return {
    credentials: own,
    hostname: url.hostname,
    urlFor,
    async serve(visitor) {
      const client = new pg.Client({
        connectionString: urlFor(visitor.credentials),
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        ...startupOptions(visitor.parameters),
      })
      client.on('error', () => undefined)
      const { connection } = client as unknown as Insides
      const settings = new Map<string, string>()
      connection.on('parameterStatus', (status) => settings.set(status.parameterName, status.parameterValue))
      await client.connect().catch((error) => {
        throw connectFailure(error, visitor.credentials.user)
      })
      const { processID, secretKey } = client as unknown as Insides
      const upstream = (client as unknown as Insides).connection.stream
      open.add(visitor.stream.on('close', () => open.delete(visitor.stream)))
      visitor.stream.write(welcome(settings, processID, secretKey))
      await relay(visitor, upstream)
    },
    cancel: (processId, secretKey) => cancelOnServer(url, processId, secretKey),
    async close() {
      for (const stream of open) stream.destroy()
    },
  }
}

async function relay({ reader, stream }: Visitor, upstream: Duplex): Promise<void> {
  upstream.removeAllListeners('data')
  const ends = [pipeline(reader.rest(), upstream), pipeline(upstream, stream)]
  // either side gone ends the session; the server rolls back what was open
  await Promise.race(ends).catch(() => undefined)
  upstream.destroy()
  stream.destroy()
  await Promise.allSettled(ends)
}

function startupOptions(parameters: ReadonlyMap<string, string>): pg.ClientConfig {
  const options = [parameters.get('options') ?? '']
  for (const [name, value] of parameters) {
    if (!OWN_PARAMETERS.has(name)) options.push(`-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
  }
  const name = parameters.get('application_name')
  return { options: options.join(' ').trim(), ...(name === undefined ? {} : { application_name: name }) }
}

/** Best effort, as in Postgres' own protocol: a server does not tell whether it cancelled anything. */
function cancelOnServer(url: URL, processId: number, secretKey: number): void {
  const socket = connect(Number(url.port || 5432), url.hostname)
  socket.on('error', () => undefined)
  socket.end(serialize.cancel(processId, secretKey))
}

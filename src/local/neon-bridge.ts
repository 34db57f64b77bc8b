/**
 * Neon's proxy, for one Postgres on this machine: SQL over HTTP, and the Postgres protocol over WebSocket and TCP, all
 * on one port of 127.0.0.1.
 *
 * @example
 * const bridge = await startNeonBridge({ dataDir: '.linkr' })
 * neonConfig.fetchEndpoint = bridge.fetchEndpoint
 * neonConfig.wsProxy = (host, port) => `${host}:${port}/v2` // Client and Pool need these two as well
 * neonConfig.useSecureWebSocket = false
 * const sql = neon(bridge.connectionString)
 *
 * The driver's other settings keep their defaults (`pipelineConnect` works either way; `pipelineTLS` is off).
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Intercept, justExecute } from './intercept.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { ConnectionPools } from './neon/connection-pools.ts'
import { allowedOrigin } from './neon/credentials.ts'
import type { Database } from './neon/database.ts'
import { openEmbeddedDatabase } from './neon/embedded-database.ts'
import { openFrontDoor } from './neon/front-door.ts'
import { openServerDatabase } from './neon/server-database.ts'
import { failureResponse, type SqlEndpointOptions, send, serveSql } from './neon/sql-endpoint.ts'
import { SqlFailure } from './neon/sql-failure.ts'
import { acceptWebSockets } from './neon/web-socket.ts'

export interface NeonBridgeOptions {
  /** A real Postgres, `postgres://user[:password]@host:port/db`; `undefined` = embedded PGlite. */
  readonly databaseUrl?: string | undefined
  /** Folder in which PGlite keeps its data; `undefined` = in memory. Ignored with `databaseUrl`. */
  readonly dataDir?: string | undefined
  /** A dump of PGlite's data folder that a database in memory starts with. */
  readonly template?: string | undefined
  /** 0 or `undefined` = any free port. */
  readonly port?: number
  readonly intercept?: Intercept | undefined
}

export interface NeonBridge {
  /** `http://127.0.0.1:port/sql`: what `neonConfig.fetchEndpoint` must be. */
  readonly fetchEndpoint: string
  /** What `neon()`, `Client` and `Pool` are given; also works over plain TCP. */
  readonly connectionString: string
  /** A plain Postgres URL of the same database: the server's own, or over TCP to PGlite through this port. */
  readonly databaseUrl: string
  readonly port: number
  /** Breaks off what is running, and closes PGlite. */
  close(): Promise<void>
}

/** Longer than any client keeps an idle connection, so that it is never the bridge that closes one under a request. */
const KEEP_ALIVE_MS = 120_000

/** Rejects if the port is taken, or the data folder in use; a Postgres that is down is no reason, it may come up. */
export async function startNeonBridge(options: NeonBridgeOptions): Promise<NeonBridge> {
  const database =
    options.databaseUrl === undefined
      ? await openEmbeddedDatabase({ dataDir: options.dataDir, template: options.template })
      : openServerDatabase(options.databaseUrl)
  const pools = new ConnectionPools(database)
  const endpoint = { database, pools, intercept: options.intercept ?? justExecute }
  const serve = (stream: Duplex) => {
    void openFrontDoor(stream, database).catch((error) => stream.destroy(error))
  }
  const http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void route(request, response, endpoint)
  })
  acceptWebSockets(http, serve)
  try {
    // As one host name serves both at Neon: a Postgres client begins with the high byte of a length, HTTP with a letter.
    const { port, close } = await listenOnLoopback('Neon bridge', options.port ?? 0, (socket, firstByte) => {
      if (firstByte === 0) serve(socket)
      else http.emit('connection', socket)
    })
    const connectionString = urlOf(database, port)
    return {
      port,
      fetchEndpoint: `http://127.0.0.1:${port}/sql`,
      connectionString,
      databaseUrl: options.databaseUrl ?? connectionString,
      async close() {
        await close()
        await Promise.all([pools.close(), database.close()])
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  options: SqlEndpointOptions,
): Promise<void> {
  const { origin } = request.headers
  if (origin !== undefined && allowedOrigin(origin)) {
    response.setHeader('access-control-allow-origin', origin).setHeader('vary', 'origin')
  }
  if (request.url?.split('?')[0] !== '/sql') {
    send(
      response,
      failureResponse(new SqlFailure(404, 'not found: the bridge serves POST /sql and WebSocket /v2')),
    )
  } else if (request.method === 'POST') {
    await serveSql(request, response, options)
  } else if (request.method === 'OPTIONS') {
    const allow = { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': '*' }
    send(response, { status: 204, headers: { ...allow, 'access-control-max-age': '86400' }, body: '' })
  } else {
    send(response, failureResponse(new SqlFailure(405, 'method not allowed: use POST')))
  }
}

function urlOf({ credentials: { user, password, database } }: Database, port: number): string {
  const [name, word, db] = [user, password, database].map(encodeURIComponent)
  return `postgres://${name}:${word}@127.0.0.1:${port}/${db}`
}

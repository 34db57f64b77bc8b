import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { BridgeResponse, Intercept } from '../intercept.ts'
import { readBody } from '../read-body.ts'
import { allowedOrigin, type Credentials, readConnectionString } from './credentials.ts'
import type { Database } from './database.ts'
import { runSql, type SqlOptions } from './run-sql.ts'
import { SqlFailure } from './sql-failure.ts'
import { readSqlRequest } from './sql-request.ts'

/** Neon's own limit on a request. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024

const JSON_TYPE = { 'content-type': 'application/json' }

export interface SqlEndpointOptions extends SqlOptions {
  readonly intercept: Intercept
}

/** `POST /sql`: Neon's SQL over HTTP. Never rejects. */
export async function serveSql(
  request: IncomingMessage,
  response: ServerResponse,
  options: SqlEndpointOptions,
): Promise<void> {
  try {
    // in the order of Neon's proxy: who asks comes before what is asked
    const credentials = readCredentials(request.headers, options.database)
    const body = await readBody(request, MAX_REQUEST_BYTES)
    if (typeof body === 'number') {
      throw new SqlFailure(413, `request is too large (max is ${MAX_REQUEST_BYTES} bytes)`)
    }
    const sql = readSqlRequest(request.headers, body.toString())
    let result: Promise<BridgeResponse> | undefined
    const execute = () => {
      result ??= runSql(sql, credentials, response, options).then((text) => {
        return { status: 200, headers: { ...JSON_TYPE, ...sql.echo }, body: text }
      }, failureResponse)
      return result
    }
    const commands = sql.statements.map((statement) => statement.text)
    const text = () => commands.join('\n')
    const toSend = await options.intercept({ store: 'postgres', commands, text, execute, response })
    if (toSend !== null) send(response, toSend)
  } catch (error) {
    send(response, failureResponse(error))
  }
}

function readCredentials(headers: IncomingHttpHeaders, database: Database): Credentials {
  if (!allowedOrigin(headers.origin)) {
    throw new SqlFailure(403, `pages of ${headers.origin} may not use this local bridge`)
  }
  if (headers.authorization?.startsWith('Bearer ')) {
    throw new SqlFailure(400, 'JWT authentication is a feature of Neon that the local bridge does not have')
  }
  const header = headers['neon-connection-string']
  return readConnectionString(typeof header === 'string' ? header : undefined, database.hostname)
}

export function failureResponse(error: unknown): BridgeResponse {
  const failure =
    error instanceof SqlFailure
      ? error
      : new SqlFailure(500, error instanceof Error ? error.message : String(error))
  return { status: failure.status, headers: JSON_TYPE, body: failure.toBody() }
}

export function send(response: ServerResponse, { status, headers, body }: BridgeResponse): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

import type { Duplex } from 'node:stream'
import type { Credentials } from './credentials.ts'
import { SqlFailure } from './sql-failure.ts'
import {
  CANCEL_REQUEST,
  errorResponse,
  GSS_REQUEST,
  REQUEST_PASSWORD,
  SSL_REQUEST,
  startupParameters,
  typeOf,
} from './wire-messages.ts'
import { WireReader } from './wire-reader.ts'

export interface Visitor {
  readonly stream: Duplex
  readonly reader: WireReader
  readonly credentials: Credentials
  /** Every startup parameter, also `user` and `database`. */
  readonly parameters: ReadonlyMap<string, string>
}

export interface Host {
  /** Serves one authenticated-or-refused session until it ends; throws a `SqlFailure` to refuse it. */
  serve(visitor: Visitor): Promise<void>
  /** `processId`, `secretKey` of the session whose query a client wants cancelled. */
  cancel(processId: number, secretKey: number): void
}

/**
 * The start of every Postgres session, over TCP or WebSocket. Like Neon it asks for a cleartext password whatever the
 * server behind would ask, because that is what the driver's `pipelineConnect: 'password'` has already sent.
 */
export async function openFrontDoor(stream: Duplex, host: Host): Promise<void> {
  // a client may vanish at any time, that is no news
  stream.on('error', () => undefined)
  const reader = new WireReader(stream)
  try {
    const startup = await readStartup(stream, reader, host)
    if (startup === null) return
    stream.write(REQUEST_PASSWORD)
    const message = await reader.next()
    if (message === null || typeOf(message) !== 'p') return
    const parameters = startupParameters(startup)
    const user = parameters.get('user') ?? ''
    const password = message.toString('utf8', 5, message.length - 1)
    const database = parameters.get('database') ?? user
    await host.serve({ stream, reader, parameters, credentials: { user, password, database } })
  } catch (error) {
    if (!(error instanceof SqlFailure)) throw error
    stream.write(errorResponse(error))
  } finally {
    stream.end()
  }
}

async function readStartup(stream: Duplex, reader: WireReader, host: Host): Promise<Buffer | null> {
  for (let message = await reader.startup(); message !== null; message = await reader.startup()) {
    const code = message.length >= 8 ? message.readInt32BE(4) : 0
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      stream.write('N')
    } else if (code === CANCEL_REQUEST && message.length >= 16) {
      host.cancel(message.readInt32BE(8), message.readInt32BE(12))
      return null
    } else {
      return code >> 16 === 3 ? message : null
    }
  }
  return null
}

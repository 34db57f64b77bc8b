import type { Connection, FieldDef } from 'pg'
import { SqlFailure } from './sql-failure.ts'
import type { SqlRequest } from './sql-request.ts'

/** Neon's own limit on a response. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024

export interface SqlResult {
  /** The first word of Postgres' command tag: `SELECT`, `CREATE`; empty for an empty query. */
  command: string
  rowCount: number | null
  fields: readonly FieldDef[]
  rows: (string | null)[][]
}

/** pg's connection, of whose methods its types leave out the arguments. */
interface WireConnection {
  readonly stream: { cork?(): void; uncork?(): void }
  parse(message: { text: string }): void
  bind(message: { values: readonly (string | null)[] }): void
  describe(message: { type: 'P' }): void
  execute(message: object): void
  sync(): void
  sendCopyFail(reason: string): void
}

/**
 * A request's statements in one round trip, as a query object that `pg` runs (`client.query(run)`). Unlike pg's own, it
 * speaks the extended protocol always, as Neon does (so `SELECT 1; SELECT 2` is refused), keeps the values as text, and
 * sends a batch as BEGIN, statements, COMMIT and a single Sync: Postgres itself skips what follows an error. A batch
 * that failed leaves the connection in a failed transaction, for the caller to roll back.
 */
export class SqlRun {
  readonly results: Promise<readonly SqlResult[]>
  readonly #request: SqlRequest
  readonly #done: SqlResult[] = []
  readonly #settle: PromiseWithResolvers<readonly SqlResult[]> = Promise.withResolvers()
  #current = emptyResult()
  #bytes = 0

  constructor(request: SqlRequest) {
    this.#request = request
    this.results = this.#settle.promise
  }

  submit(connection: Connection): void {
    const wire = connection as unknown as WireConnection
    const { begin, statements } = this.#request
    wire.stream.cork?.()
    try {
      if (begin !== null) send(wire, begin, [])
      for (const { text, params } of statements) send(wire, text, params)
      if (begin !== null) send(wire, 'COMMIT', [])
      wire.sync()
    } finally {
      wire.stream.uncork?.()
    }
  }

  handleRowDescription(message: { fields: readonly FieldDef[] }): void {
    this.#current.fields = message.fields
  }

  handleDataRow(message: { fields: (string | null)[] }): void {
    for (const value of message.fields) this.#bytes += value === null ? 4 : value.length
    // keep reading, to leave the connection usable, but hold no more of it
    if (this.#bytes <= MAX_RESPONSE_BYTES) this.#current.rows.push(message.fields)
  }

  handleCommandComplete(message: { text: string }): void {
    const [command = '', ...rest] = message.text.split(' ')
    const count = Number(rest.at(-1))
    this.#finish(command, rest.length > 0 && Number.isInteger(count) ? count : null)
  }

  handleEmptyQuery(): void {
    this.#finish('', null)
  }

  handleCopyInResponse(connection: Connection): void {
    const wire = connection as unknown as WireConnection
    wire.sendCopyFail('COPY FROM STDIN is not supported over HTTP')
    // Postgres ignored the Sync that was sent while it waited for copy data
    wire.sync()
  }

  handleCopyData(): void {}

  handlePortalSuspended(): void {}

  handleError(error: unknown): void {
    this.#settle.reject(error)
  }

  handleReadyForQuery(): void {
    if (this.#bytes > MAX_RESPONSE_BYTES) {
      const message = `response is too large (max is ${MAX_RESPONSE_BYTES} bytes)`
      this.#settle.reject(new SqlFailure(507, message))
    }
    this.#settle.resolve(this.#request.begin === null ? this.#done : this.#done.slice(1, -1))
  }

  #finish(command: string, rowCount: number | null): void {
    this.#done.push({ ...this.#current, command, rowCount })
    this.#current = emptyResult()
  }
}

function send(wire: WireConnection, text: string, params: readonly (string | null)[]): void {
  wire.parse({ text })
  wire.bind({ values: params })
  wire.describe({ type: 'P' })
  wire.execute({})
}

function emptyResult(): SqlResult {
  return { command: '', rowCount: null, fields: [], rows: [] }
}

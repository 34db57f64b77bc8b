import { type Duplex, duplexPair } from 'node:stream'
import pg from 'pg'
import type { Credentials } from './credentials.ts'
import type { Database } from './database.ts'
import { openFrontDoor } from './front-door.ts'
import { ARRAY_TYPES_QUERY, type ArrayTypes } from './json-values.ts'
import { connectFailure } from './sql-failure.ts'

/** Per user and database. PGlite runs one statement at a time, so there more connections only wait. */
const MAX_CONNECTIONS = 20
const MAX_EMBEDDED_CONNECTIONS = 4

/** Distinct users and databases with a pool; past it the pool that was opened first is closed. */
const MAX_POOLS = 32

/** Also the longest wait for a free connection. */
const CONNECT_TIMEOUT_MS = 15_000

export interface Pool {
  connect(): Promise<pg.PoolClient>
  /** The array types of this database, read once and again when `refresh` asks for it. */
  arrayTypes(client: pg.PoolClient, refresh: boolean): Promise<ArrayTypes>
}

/** The connections HTTP requests borrow, by the credentials they come with. */
export class ConnectionPools {
  readonly #database: Database
  readonly #pools = new Map<string, { pool: Pool; pg: pg.Pool }>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Throws a `SqlFailure` for credentials that no server needs to be asked about. */
  for(credentials: Credentials): Pool {
    const url = this.#database.urlFor(credentials)
    const key = url ?? ''
    const known = this.#pools.get(key)
    if (known !== undefined) return known.pool
    const opened = this.#open(url, credentials)
    this.#pools.set(key, opened)
    const [oldest] = this.#pools
    if (this.#pools.size > MAX_POOLS && oldest !== undefined) {
      this.#pools.delete(oldest[0])
      void oldest[1].pg.end()
    }
    return opened.pool
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((open) => open.pg.end()))
  }

  #open(url: string | null, credentials: Credentials): { pool: Pool; pg: pg.Pool } {
    const target =
      url === null
        ? { ...credentials, ssl: false, max: MAX_EMBEDDED_CONNECTIONS, stream: () => doorTo(this.#database) }
        : { connectionString: url, max: MAX_CONNECTIONS }
    const pool = new pg.Pool({ ...target, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
    // an idle connection that breaks is dropped by the pool; the next request opens another
    pool.on('error', () => undefined)
    let arrays: Promise<ArrayTypes> | null = null
    return {
      pg: pool,
      pool: {
        connect: async () => {
          const client = await pool.connect().catch((error) => {
            throw connectFailure(error, credentials.user)
          })
          // without a listener, a connection lost while borrowed would end the process
          if (client.listenerCount('error') === 0) client.on('error', () => undefined)
          return client
        },
        arrayTypes: (client, refresh) => {
          if (arrays === null || refresh) arrays = readArrayTypes(client)
          arrays.catch(() => {
            arrays = null
          })
          return arrays
        },
      },
    }
  }
}

async function readArrayTypes(client: pg.PoolClient): Promise<ArrayTypes> {
  const { rows } = await client.query<[number, number]>({ text: ARRAY_TYPES_QUERY, rowMode: 'array' })
  return new Map(rows)
}

/** A connection to the front door that stays in this process, dressed as the socket pg expects. */
function doorTo(database: Database): Duplex {
  const [near, far] = duplexPair()
  // One side of a pair does not notice that the other is gone.
  far.once('close', () => near.destroy())
  void openFrontDoor(far, database).catch((error) => near.destroy(error))
  const self = () => near
  return Object.assign(near, {
    setNoDelay: self,
    setKeepAlive: self,
    ref: self,
    unref: self,
    connect: () => {
      setImmediate(() => near.emit('connect'))
      return near
    },
  })
}

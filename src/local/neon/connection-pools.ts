import { type Duplex, duplexPair } from 'node:stream'
import pg from 'pg'
import type { Credentials } from './credentials.ts'
import type { Database } from './database.ts'
import { openFrontDoor } from './front-door.ts'
import { connectFailure } from './sql-failure.ts'

/** Per user and database. PGlite runs one statement at a time, so there more connections only wait. */
const MAX_CONNECTIONS = 20
const MAX_EMBEDDED_CONNECTIONS = 4

/** Distinct users and databases with a pool; past it the pool that was opened first is closed. */
const MAX_POOLS = 32

/** Also the longest wait for a free connection. */
const CONNECT_TIMEOUT_MS = 15_000

/** The connections HTTP requests borrow, by the credentials they come with. */
export class ConnectionPools {
  readonly #database: Database
  readonly #pools = new Map<string | null, pg.Pool>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Rejects with a `SqlFailure`. */
  async connect(credentials: Credentials): Promise<pg.PoolClient> {
    const url = this.#database.urlFor(credentials)
    const pool = this.#pools.get(url) ?? this.#open(url, credentials)
    return pool.connect().catch((error) => {
      throw connectFailure(error, credentials.user)
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()))
  }

  #open(url: string | null, credentials: Credentials): pg.Pool {
    const target =
      url === null
        ? { ...credentials, ssl: false, max: MAX_EMBEDDED_CONNECTIONS, stream: () => doorTo(this.#database) }
        : { connectionString: url, max: MAX_CONNECTIONS }
    const pool = new pg.Pool({ ...target, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
    // an idle connection that breaks is dropped by the pool; the next request opens another
    pool.on('error', () => undefined)
    // without a listener, a connection lost while borrowed would end the process
    pool.on('connect', (client) => client.on('error', () => undefined))
    this.#pools.set(url, pool)
    const [oldest] = this.#pools
    if (this.#pools.size > MAX_POOLS && oldest !== undefined) {
      this.#pools.delete(oldest[0])
      void oldest[1].end()
    }
    return pool
  }
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

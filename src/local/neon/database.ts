import type { Credentials } from './credentials.ts'
import type { Host } from './front-door.ts'

/** The Postgres behind the bridge: a real server, or PGlite in this process. */
export interface Database extends Host {
  /** What the bridge's own connection string says. */
  readonly credentials: Credentials
  /** The host's name, which connection strings may use as well as loopback's. */
  readonly hostname: string
  /**
   * Where the pool for such a client connects to, or `null` where it enters the front door in this process.
   * Throws a `SqlFailure` for credentials that are wrong whatever the server says.
   */
  urlFor(credentials: Credentials): string | null
  close(): Promise<void>
}

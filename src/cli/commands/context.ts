import type { ApiClient } from '../api/api-client.ts'
import { findConnection } from '../api/connection.ts'
import { createHttpApiClient } from '../api/http-api-client.ts'
import { note, type Terminal } from '../terminal/terminal.ts'

/** Options that every command has. */
export interface CommonOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
}

/** The API that the options and the environment lead to. */
export function connect(terminal: Terminal, options: CommonOptions): ApiClient {
  const { origin, token, warning } = findConnection(options, terminal.env)
  if (warning !== undefined) note(terminal, warning)
  return createHttpApiClient({
    origin,
    token,
    onRetry(reason, waitMs) {
      // Short waits need no explanation.
      if (waitMs >= 2000) note(terminal, `${reason}; trying again in ${Math.round(waitMs / 1000)} s`)
    },
  })
}

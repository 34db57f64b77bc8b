import type { Command, CommandOptions } from 'commander'
import type { ApiClient } from '../api/api-client.ts'
import { type ConnectionOptions, findConnection } from '../api/connection.ts'
import { createHttpApiClient } from '../api/http-api-client.ts'
import { note, type Terminal } from '../terminal/terminal.ts'

/** A command that does something: with the options that all of them share. */
export function apiCommand(
  parent: Command,
  nameAndArguments: string,
  description: string,
  settings: CommandOptions = {},
): Command {
  return parent
    .command(nameAndArguments, settings)
    .description(description)
    .option('--url <url>', 'the linkr to talk to (LINKR_URL)')
    .option('--token <token>', 'API key or ADMIN_TOKEN (LINKR_TOKEN, which no process list shows)')
    .option('--json', 'respond as JSON')
}

/** Options that every command has. */
export interface CommonOptions extends ConnectionOptions {
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

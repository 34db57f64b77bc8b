import type { Command } from 'commander'

/** A command that does something: with the options that all of them share. */
export function apiCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--url <url>', 'the linkr to talk to (LINKR_URL)')
    .option('--token <token>', 'API key or ADMIN_TOKEN (LINKR_TOKEN, which no process list shows)')
    .option('--json', 'answer as JSON')
}

import type { Command } from 'commander'
import { print, type Terminal } from '../terminal/terminal.ts'

/** Goes to Postgres itself, not to the API, so it has none of the API's options. */
export function addMigrate(program: Command, terminal: Terminal): void {
  program
    .command('migrate')
    .description('Bring the database at DATABASE_URL, or that of the local stack, to the newest schema')
    .action(async () => {
      // No other command loads Postgres's driver and Drizzle.
      const { migrateFromSettings } = await import('../migrate.ts')
      print(terminal, await migrateFromSettings(terminal.env))
    })
}

import { Command, CommanderError } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { addDomains } from './commands/domains.ts'
import { addExport } from './commands/export.ts'
import { addImport } from './commands/import.ts'
import { addKeys } from './commands/keys.ts'
import { addLinks } from './commands/links.ts'
import { addMigrate } from './commands/migrate.ts'
import { addOperations } from './commands/operations.ts'
import { addStats } from './commands/stats.ts'
import { addVisits } from './commands/visits.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { reportError } from './report-error.ts'
import type { Terminal } from './terminal/terminal.ts'

const EPILOGUE = `
Environment:
  LINKR_URL    the linkr to talk to (default: the npm run dev of this clone, with its token)
  LINKR_TOKEN  an API key of that linkr, or its ADMIN_TOKEN
  NO_COLOR     no colours

Exit codes:
  0 done   1 failed   2 wrong usage   3 an import had rejected rows   130 interrupted`

/**
 * `linkr <argv>`: every command there is. Resolves to the exit code and never rejects.
 * @param argv without the interpreter and the script.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const end = (ending: ExitCode): void => {
    code = ending
  }
  const program = new Command('linkr')
    .description('Operate a linkr: its links, keys and domains.')
    .version(packageJson.version, '-V, --version')
    .addHelpText('after', EPILOGUE)
    // Options belong to the command that they follow: `import visits` has some that `import` has too.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(add --help for the options)')
  addLinks(program, terminal)
  addImport(program, terminal, end)
  addExport(program, terminal)
  addStats(program, terminal)
  addVisits(program, terminal)
  addKeys(program, terminal)
  addDomains(program, terminal)
  addOperations(program, terminal, end)
  addMigrate(program, terminal)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportError(error, terminal, argv.includes('--json'))
  }
}

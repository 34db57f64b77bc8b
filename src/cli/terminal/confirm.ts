import { confirm as ask, isCancel } from '@clack/prompts'
import { CliError, UsageError } from '../cli-error.ts'
import { EXIT } from '../exit-code.ts'
import { isInteractive, type Terminal } from './terminal.ts'

/**
 * Asks before something that cannot be taken back. Returns only when it may be done.
 * @throws {UsageError} without a terminal: a script has to say `--yes`.
 */
export async function confirm(terminal: Terminal, question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return
  if (!isInteractive(terminal)) throw new UsageError(`${question} There is no terminal to ask at: add --yes.`)
  const answer = await ask({
    message: question,
    initialValue: false,
    input: terminal.stdin,
    output: terminal.stderr,
  })
  if (isCancel(answer)) throw new CliError('Interrupted; nothing was done.', EXIT.interrupted)
  if (!answer) throw new CliError('Nothing was done.')
}

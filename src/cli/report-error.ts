import { rootMessage } from '../node/root-message.ts'
import { ApiError } from './api/api-error.ts'
import { CliError } from './cli-error.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { note, paint, type Terminal } from './terminal/terminal.ts'
import { visibleJson } from './terminal/visible.ts'

/** Tells why a command failed, on standard error, and with which exit code. */
export function reportError(error: unknown, terminal: Terminal, asJson: boolean): ExitCode {
  const message = error instanceof CliError ? error.message : rootMessage(error)
  if (asJson) {
    const { status, code, errors } = error instanceof ApiError ? error : {}
    note(terminal, visibleJson(JSON.stringify({ error: { message, status, code, errors } })))
  } else {
    note(terminal, `${paint(terminal, terminal.stderr, 'red', 'error:')} ${message}`)
    if (terminal.env.LINKR_DEBUG && error instanceof Error) note(terminal, String(error.stack))
  }
  return error instanceof CliError ? error.exitCode : EXIT.failed
}

import type { Command } from 'commander'
import { UsageError } from '../cli-error.ts'
import { dateOrNever, nullIf, trueOrFalse, wholeNumber } from './option-parsers.ts'

/** Fields of a link that `create` and `edit` set alike. */
export interface FieldOptions {
  readonly status?: number
  readonly expires?: string
  readonly title?: string
  readonly forwardQuery?: boolean
  readonly enabled?: boolean
}

export function withFields(command: Command): Command {
  return command
    .option('--status <code>', '301, 302, 307 or 308', wholeNumber(301, 308))
    .option('--expires <date>', 'ISO 8601, or "never"', dateOrNever)
    .option('--title <text>', 'or "none"')
    .option('--forward-query <true|false>', "append the visitor's query to the destination", trueOrFalse)
}

/** The body's fields, without those that were not given. */
export function fieldsOf(
  { status, expires, title, forwardQuery, enabled }: FieldOptions,
  tags: readonly string[] | undefined,
): Record<string, unknown> {
  const fields = {
    status,
    expiresAt: nullIf('never', expires),
    title: nullIf('none', title),
    forwardQuery,
    enabled,
    tags,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function refuseNothing(fields: object): void {
  if (Object.keys(fields).length === 0) throw new UsageError('Say what to change; --help lists the options.')
}

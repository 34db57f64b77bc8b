import { type Command, Option } from 'commander'
import { UsageError } from '../cli-error.ts'

/** How the command line sets a field of a request's body. */
export interface FieldOption {
  readonly flags: string
  readonly description: string
  readonly parse?: (text: string) => string | number | boolean
  readonly choices?: readonly string[]
  /** The word for what the API calls `null`. */
  readonly none?: 'none' | 'never'
}

/** Options of a command that sets fields. */
export type FieldOptions = ReturnType<typeof fieldOptions>

/**
 * @param fields each with its name in the body.
 * @param filters names that mean a filter in this command, so that the field is set by `--set-...`.
 */
export function fieldOptions(
  fields: readonly (readonly [string, FieldOption])[],
  filters: readonly string[] = [],
) {
  const options = fields.map(([name, field]) => {
    return { name, none: field.none, option: toOption(field, filters) }
  })
  return {
    addTo(command: Command): Command {
      for (const { option } of options) command.addOption(option)
      return command
    },
    /** The fields of a request's body that the command line gave. */
    given(parsed: object): Record<string, unknown> {
      const values = new Map<string, unknown>(Object.entries(parsed))
      const fields = options.map(({ name, none, option }) => {
        const value = values.get(option.attributeName())
        return [name, value === undefined || value !== none ? value : null]
      })
      return definedOf(Object.fromEntries(fields))
    },
  }
}

function toOption({ flags, description, parse, choices }: FieldOption, filters: readonly string[]): Option {
  const isFilter = filters.includes(new Option(flags).name())
  const option = new Option(isFilter ? flags.replace('--', '--set-') : flags, description)
  if (choices !== undefined) return option.choices(choices)
  return parse === undefined ? option : option.argParser(parse)
}

/** Without what was not given. */
export function definedOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function refuseNothing(fields: object): void {
  if (Object.keys(fields).length === 0) throw new UsageError('Say what to change; --help lists the options.')
}

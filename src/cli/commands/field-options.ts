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
export interface FieldOptions {
  /** Adds them to the command. */
  addTo(command: Command): Command
  /** The fields of a request's body that the command line gave. */
  given(options: object): Record<string, unknown>
}

/**
 * @param fields each with its name in the body.
 * @param filters names that mean a filter in this command, so that the field is set by `--set-...`.
 */
export function fieldOptions(
  fields: readonly (readonly [string, FieldOption])[],
  filters: readonly string[] = [],
): FieldOptions {
  const options = fields.map(([name, field]) => ({
    name,
    none: field.none,
    option: toOption(field, filters),
  }))
  return {
    addTo(command) {
      for (const { option } of options) command.addOption(option)
      return command
    },
    given(parsed) {
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
  const plain = new Option(flags, description)
  const option = filters.includes(plain.name())
    ? new Option(flags.replace('--', '--set-'), description)
    : plain
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

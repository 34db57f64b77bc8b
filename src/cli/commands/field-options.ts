import { type Command, Option } from 'commander'
import { UsageError } from '../cli-error.ts'
import { type FieldOption, LINK_FIELD_NAMES, LINK_FIELDS } from '../link-fields.ts'

/** Options of a command that sets the fields of links. */
export interface FieldOptions {
  /** Adds them to the command. */
  addTo(command: Command): Command
  /** The fields of a request's body that the command line gave. */
  given(options: object): Record<string, unknown>
}

/** @param filters names that mean a filter in this command, so that the field is set by `--set-...`. */
export function fieldOptions(filters: readonly string[] = []): FieldOptions {
  const options = LINK_FIELD_NAMES.flatMap((name) => {
    const { option } = LINK_FIELDS[name]
    return option === undefined ? [] : [{ name, none: option.none, option: toOption(option, filters) }]
  })
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

function toOption({ flags, description, parse }: FieldOption, filters: readonly string[]): Option {
  const plain = new Option(flags, description)
  const option = filters.includes(plain.name())
    ? new Option(flags.replace('--', '--set-'), description)
    : plain
  return parse === undefined ? option : option.argParser(parse)
}

/** Without what was not given. */
export function definedOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

export function refuseNothing(fields: object): void {
  if (Object.keys(fields).length === 0) throw new UsageError('Say what to change; --help lists the options.')
}

import type { Command } from 'commander'
import type { Query } from '../api/api-client.ts'
import { hostName, repeated, trueOrFalse } from './option-parsers.ts'

/** The filters that lists, exports and bulk changes share. */
export function withFilters(command: Command): Command {
  return command
    .option('--domain <host>', 'of this domain only ("*" = the default one)', hostName)
    .option('--tag <tag>', 'with this tag (repeatable: with all of them)', repeated, [])
    .option('-q, --search <text>', 'with this text in code, URL or title')
    .option('--enabled <true|false>', 'enabled or disabled ones only', trueOrFalse)
    .option('--expired <true|false>', 'expired or unexpired ones only', trueOrFalse)
}

export interface FilterOptions {
  readonly domain?: string
  readonly tag: readonly string[]
  readonly search?: string
  readonly enabled?: boolean
  readonly expired?: boolean
}

export function filterQuery({ domain, tag, search, enabled, expired }: FilterOptions): Query {
  return { domain, tag, q: search, enabled, expired }
}

/** The same filter as a field of a bulk request; `null` = it would be every link there is. */
export function filterBody({ domain, tag, search, enabled, expired }: FilterOptions): object | null {
  const filter = { domain, tag: tag.length > 0 ? tag : undefined, q: search, enabled, expired }
  return Object.values(filter).every((value) => value === undefined) ? null : filter
}

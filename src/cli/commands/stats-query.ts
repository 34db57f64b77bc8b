import { type Command, InvalidArgumentError, Option } from 'commander'
import { DIMENSION_NAMES } from '../../visits/visit.ts'
import type { ApiClient, Query } from '../api/api-client.ts'
import { UsageError } from '../cli-error.ts'
import { parseInstant } from '../import/parse-instant.ts'
import { isDimension } from './dimension-labels.ts'
import { findLink } from './find-link.ts'
import { hostName, repeated } from './option-parsers.ts'

export interface RangeOptions {
  readonly from?: string
  readonly to?: string
}

export interface VisitOptions extends RangeOptions {
  readonly timezone?: string
  readonly domain?: string
  readonly tag: readonly string[]
  /** Each as `name=value`. */
  readonly filter: readonly string[]
}

export function withRange(command: Command): Command {
  return command
    .option('--from <date>', 'a day, or a time with an offset (default: 30 days back)', dayOrTime)
    .option('--to <date>', 'a day, which is included, or a time (default: now)', dayOrTime)
}

/** Which visits a command is about. */
export function withVisits(command: Command): Command {
  return withRange(command)
    .option('--timezone <name>', 'whose days these are, like Europe/Berlin (default: UTC)')
    .option('--domain <host>', 'of this domain, or of the code ("*" = the default one)', hostName)
    .option('--tag <tag>', 'of links with this tag (repeatable: with all of them)', repeated, [])
    .option('--filter <name=value>', 'like country=DE or bot=false (repeatable)', filter, [])
}

export function withCsv(command: Command): Command {
  return command.addOption(new Option('--csv', 'respond as CSV').conflicts('json'))
}

export function rangeQuery({ from, to }: RangeOptions): Query {
  return { from, to }
}

/** Everything but the scope's link and domain. */
export function visitsQuery(options: VisitOptions): Query {
  const { tag, timezone } = options
  const filters = new Map<string, readonly string[]>()
  for (const text of options.filter) {
    const [name, value] = splitFilter(text)
    filters.set(name, repeated(value, filters.get(name)))
  }
  return { ...rangeQuery(options), timezone, tag, ...Object.fromEntries(filters) }
}

export interface NamedLink {
  readonly id: string
  /** Not made visible. */
  readonly name: string
}

/** As `findLink`, but an id is taken as it is: a key that may read statistics only may not read links. */
export async function findNamed(
  api: ApiClient,
  name: string,
  domain: string | undefined,
): Promise<NamedLink> {
  const id = /^id:(\d{1,18})$/.exec(name)?.[1]
  if (id !== undefined) return { id, name }
  const link = await findLink(api, name, domain)
  return { id: link.id, name: link.shortUrl }
}

/** A link, or a domain and tags. `--domain` beside a link says whose code it is. */
export async function findScope(
  api: ApiClient,
  name: string | undefined,
  { domain, tag }: VisitOptions,
): Promise<{ readonly link?: NamedLink; readonly domain?: string | undefined }> {
  if (name === undefined) return { domain }
  if (tag.length > 0) throw new UsageError('Say either which link, or --tag, not both.')
  return { link: await findNamed(api, name, domain) }
}

export function dimension(name: string, before: readonly string[] = []): readonly string[] {
  if (isDimension(name)) return repeated(name, before)
  throw new InvalidArgumentError(`It must be one of ${DIMENSION_NAMES.join(', ')}.`)
}

/** As the API takes it, which knows what a day is in which timezone. */
function dayOrTime(text: string): string {
  if (isDay(text)) return text
  // Without an offset it would be unclear whose clock it is.
  const instant = /[\d.](?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? parseInstant(text) : null
  if (instant !== null) return new Date(instant).toISOString()
  throw new InvalidArgumentError('It must be like 2030-01-31 or 2030-01-31T12:00:00Z.')
}

export function day(text: string): string {
  if (isDay(text)) return text
  throw new InvalidArgumentError('It must be like 2030-01-31.')
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && parseInstant(text) !== null

function filter(text: string, before: readonly string[] = []): readonly string[] {
  const [name, value] = splitFilter(text)
  if (name === 'bot' ? value === 'true' || value === 'false' : isDimension(name))
    return repeated(text, before)
  throw new InvalidArgumentError(
    `It must be like country=DE or bot=false; names are ${DIMENSION_NAMES.join(', ')}.`,
  )
}

function splitFilter(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  return at === -1 ? ['', text] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * @module
 * What the routes of statistics make of a request.
 */
import type { RangeProblem } from '../../owners/stats-range.ts'
import type { StatsScope, VisitFilter } from '../../owners/stats-store.ts'
import { TooManyVisits } from '../../owners/too-many-visits.ts'
import { DIMENSION_NAMES, type Dimension } from '../../visits/visit.ts'
import { type Caller, domainForbidden, maySee } from '../http/caller.ts'
import { Problem } from '../http/problem.ts'

interface RequestedScope {
  readonly link?: string | undefined
  readonly tag?: readonly string[] | undefined
  readonly domain?: string | undefined
}

/** The domains that a request is about; `null` = all. @throws {Problem} 403 for one that the caller may not see. */
export function domainsOf(caller: Caller, domain: string | undefined): readonly string[] | null {
  if (domain === undefined) return caller.domains
  if (!maySee(caller, domain)) throw domainForbidden(domain)
  return [domain]
}

/** @throws {Problem} as `domainsOf`. */
export function toScope(caller: Caller, { link, tag, domain }: RequestedScope): StatsScope {
  const domains = domainsOf(caller, domain)
  if (link === undefined && tag === undefined) return { kind: 'domains', domains }
  const ids = link === undefined ? undefined : [link]
  return { kind: 'links', filter: { ids, tags: tag, domains: domains ?? undefined } }
}

type RequestedFilter = { readonly bot?: boolean | undefined } & {
  readonly [Name in Dimension]?: readonly string[] | undefined
}

export function toVisitFilter({ bot, ...request }: RequestedFilter): VisitFilter {
  const values = DIMENSION_NAMES.map((name) => [name, request[name]])
  return { isBot: bot, values: Object.fromEntries(values) as VisitFilter['values'] }
}

/** @throws {Problem} 422 for what is no result, and for what takes too long. */
export async function accepted<Result extends object>(
  reading: Promise<Result | RangeProblem>,
): Promise<Result> {
  const result = await reading.catch(explainTooMany)
  if (!('message' in result)) return result
  const detail = 'The query has parameters that cannot be accepted; see "errors".'
  throw new Problem(422, 'invalid_request', detail, [{ path: result.path, message: result.message }])
}

/** The general text about errors would not tell what to do. */
function explainTooMany(error: unknown): never {
  throw error instanceof TooManyVisits ? new Problem(error.status, error.code, error.message) : error
}

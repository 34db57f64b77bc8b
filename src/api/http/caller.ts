import type { Context } from 'hono'
import type { Scope } from '../../owners/api-key.ts'
import type { IsOwnHost } from '../../owners/own-hosts.ts'
import type { Attempt } from '../../owners/write-step.ts'
import { Problem } from './problem.ts'

/** Who sent a request: the owner of an `ApiKey`, or an admin. */
export interface Caller {
  /** The id of an API key, or `admin` for the ADMIN_TOKEN. */
  readonly id: string
  readonly scopes: readonly Scope[]
  /** When its key expires; `null` = never. */
  readonly expiresAt: Date | null
  /** The domains whose links the caller may see and change; `null` = all. */
  readonly domains: readonly string[] | null
}

/** What the API knows of a request besides Hono's own. */
export interface ApiEnv {
  Variables: {
    caller: Caller
    /** '' = none. */
    body: string
    /** Left out for a request without Idempotency-Key. */
    attempt?: Attempt
    /** Of operations that check destinations. */
    isOwnHost: IsOwnHost
  }
}

export type ApiContext = Context<ApiEnv>

export const ADMIN: Caller = { id: 'admin', scopes: ['admin'], domains: null, expiresAt: null }

export function hasScope({ scopes }: Caller, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin')
}

export function maySee({ domains }: Caller, domain: string): boolean {
  return domains === null || domains.includes(domain)
}

export function domainForbidden(domain: string): Problem {
  return new Problem(403, 'domain_forbidden', `This API key may not use the domain "${domain}".`)
}

/** The id in a path. One that cannot be an id belongs to nothing. @throws {Problem} `missing`'s. */
export function idParam(c: ApiContext, missing: () => Problem): string {
  const id = c.req.param('id') ?? ''
  if (!/^[1-9]\d{0,17}$/.test(id)) throw missing()
  return id
}

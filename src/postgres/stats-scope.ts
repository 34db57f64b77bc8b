import { type SQL, sql } from 'drizzle-orm'
import type { StatsScope } from '../owners/stats-store.ts'
import { matches } from './link-filter.ts'
import { links } from './schema.ts'
import { domainDays, domainDetails, domainMonths, linkDays, linkDetails, linkMonths } from './visit-schema.ts'

/** What statements about visits make of a scope. */
export interface ScopeTables {
  /** Selects `key`: the ids of links, or the names of domains. */
  readonly chosen: SQL
  readonly days: SQL
  readonly details: SQL
  readonly months: SQL
  /** What they call `key`. */
  readonly key: SQL
  /** A condition on a row of `details`, for a look at all of them that is quick. */
  readonly hasDetails: SQL
  /** Whether a link is meant. @param id an expression. */
  readonly hasLink: (id: SQL) => SQL
}

export function scopeTables(scope: StatsScope): ScopeTables {
  if (scope.kind === 'links') {
    return {
      chosen: sql`SELECT ${links.id} AS key FROM ${links} WHERE ${matches(scope.filter) ?? sql`TRUE`}`,
      ...{ days: sql`${linkDays}`, details: sql`${linkDetails}`, months: sql`${linkMonths}` },
      key: sql.raw('link_id'),
      hasDetails: sql`TRUE`,
      hasLink: (id) => sql`${id} IN (SELECT key FROM chosen)`,
    }
  }
  const { domains } = scope
  const names = sql`jsonb_array_elements_text(${JSON.stringify(domains ?? [''])}::jsonb)`
  return {
    chosen: sql`SELECT key FROM ${names} AS key`,
    ...{ days: sql`${domainDays}`, details: sql`${domainDetails}`, months: sql`${domainMonths}` },
    key: sql.raw('domain'),
    hasDetails: sql`domain IN (SELECT key FROM chosen)`,
    hasLink: (id) =>
      domains === null
        ? sql`TRUE`
        : sql`EXISTS (SELECT FROM ${links} WHERE ${links.id} = ${id} AND ${links.domain} IN (SELECT key FROM chosen))`,
  }
}

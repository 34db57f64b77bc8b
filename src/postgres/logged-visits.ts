import { and, between, eq, getTableColumns, inArray, type SQL, sql } from 'drizzle-orm'
import type { StatsScope, VisitFilter } from '../owners/stats-store.ts'
import { DIMENSION_NAMES } from '../visits/visit.ts'
import { type ScopeTables, scopeTables } from './stats-scope.ts'
import { visits } from './visit-schema.ts'

export const LOG_COLUMNS = getTableColumns(visits)

/** A condition on a row of `visits`: what a filter asks. Of bots nothing is known but their country. */
export function isWanted({ isBot, values }: VisitFilter): SQL {
  const isOfPeople = DIMENSION_NAMES.some((name) => name !== 'country' && values[name] !== undefined)
  const conditions = DIMENSION_NAMES.map((name) => {
    const any = values[name]
    return any === undefined ? undefined : inArray(LOG_COLUMNS[name], [...any])
  })
  const isOfKind = isBot === undefined ? undefined : eq(visits.isBot, isBot)
  return and(isOfKind, isOfPeople ? eq(visits.isBot, false) : undefined, ...conditions) ?? sql`TRUE`
}

/** Seconds since the epoch; `to` is excluded. The log has whole seconds. */
export const isBetween = (from: number, to: number): SQL =>
  between(visits.at, sql`to_timestamp(${from}::bigint)`, sql`to_timestamp(${to - 1}::bigint)`)

/**
 * The rows of `visits` that a scope and `condition` are about, given the table `chosen`. Those of links are looked up link
 * by link.
 */
export function scopeVisits(scope: StatsScope, condition: SQL): SQL {
  const { hasLink }: ScopeTables = scopeTables(scope)
  if (scope.kind === 'domains') {
    return sql`SELECT * FROM ${visits} WHERE ${condition} AND ${hasLink(sql`${visits.linkId}`)}`
  }
  return sql`SELECT visits.* FROM chosen CROSS JOIN LATERAL (
    SELECT * FROM ${visits} WHERE ${visits.linkId} = chosen.key AND ${condition} OFFSET 0) AS visits`
}

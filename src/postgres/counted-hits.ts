import { inArray, sql } from 'drizzle-orm'
import type { QueryBuilder } from './client.ts'
import { TOTAL_HITS, TOTAL_PEOPLE } from './expressions.ts'
import { appliedHits, linkHits } from './schema.ts'

/** Of a row of `link_hits`, joined or not. */
export const COUNTED_HITS = {
  hits: sql<number>`coalesce(${TOTAL_HITS}, 0)`.mapWith(Number),
  people: sql<number>`coalesce(${TOTAL_PEOPLE}, 0)`.mapWith(Number),
  lastHitAt: linkHits.lastHitAt,
}

/** Which of these segments have been added to `link_hits`. */
export function appliedAmong(db: QueryBuilder, segments: readonly string[]) {
  const applied = db.select({ id: appliedHits.id }).from(appliedHits).where(inArray(appliedHits.id, segments))
  return sql<readonly string[]>`ARRAY${applied}`
}

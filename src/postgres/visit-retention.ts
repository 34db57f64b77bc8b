import { type SQL, sql } from 'drizzle-orm'
import type { PrunedVisits, VisitRetention } from '../visits/visit-retention.ts'
import type { Database } from './client.ts'
import { compactDomains, compactLinks } from './compact-details.ts'
import { domainVisitors, linkVisitors, misses, visits } from './visit-schema.ts'

/** After the end of their day. */
const KEEP_VISITORS_FOR_DAYS = 2
/** Rows a statement, so that none takes long or holds many locks. */
const CHUNK = { deleted: 20_000, compacted: 5_000 } as const
/** What a run may take: hourly ones keep up with 2 million rows of a link and a day each day. */
const MAX_RUN_MS = 30_000
const DAY_MS = 24 * 60 * 60_000

export interface PostgresRetentionOptions {
  /** Milliseconds that a statement may take. */
  readonly within: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly logDays: number
  readonly detailDays: number
  /** Default: `MAX_RUN_MS`. */
  readonly maxRunMs?: number
}

type Kind = Exclude<keyof PrunedVisits, 'complete'>

export function postgresVisitRetention(
  database: Database,
  { within, now, logDays, detailDays, maxRunMs = MAX_RUN_MS }: PostgresRetentionOptions,
): VisitRetention {
  return {
    async prune() {
      const startedAt = now()
      const daysAgo = (days: number): string => new Date(startedAt - days * DAY_MS).toISOString()
      const firstDetailed = daysAgo(detailDays).slice(0, 10)
      const lastForgotten = daysAgo(1 + KEEP_VISITORS_FOR_DAYS).slice(0, 10)
      const chunks: readonly (readonly [Kind, SQL])[] = [
        ['visitors', deleteChunk(linkVisitors, sql`day <= ${lastForgotten}::date`)],
        ['visitors', deleteChunk(domainVisitors, sql`day <= ${lastForgotten}::date`)],
        ['visits', deleteChunk(visits, sql`at < ${daysAgo(logDays)}::timestamptz`)],
        ['days', compactLinks(firstDetailed, CHUNK.compacted)],
        ['days', compactDomains(firstDetailed, CHUNK.compacted)],
        ['misses', deleteChunk(misses, sql`day < ${firstDetailed}::date`)],
      ]
      const pruned = { visits: 0, visitors: 0, days: 0, misses: 0 }
      // In turns, so that none waits for another one's backlog.
      let left = chunks
      while (left.length > 0) {
        const going = []
        for (const chunk of left) {
          if (now() - startedAt > maxRunMs) return { ...pruned, complete: false }
          const [kind, statement] = chunk
          const [row] = await database.execute<{ rows: string }>(statement, within)
          const rows = Number(row?.rows ?? 0)
          pruned[kind] += rows
          if (rows > 0) going.push(chunk)
        }
        left = going
      }
      return { ...pruned, complete: true }
    },
  }
}

/** Rows that a flush writes to are left to the next run. */
function deleteChunk(
  table: typeof linkVisitors | typeof domainVisitors | typeof visits | typeof misses,
  isDue: SQL,
): SQL {
  return sql`
    WITH deleted AS (
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ${isDue} LIMIT ${sql.raw(`${CHUNK.deleted}`)} FOR UPDATE SKIP LOCKED
      )) RETURNING 1
    ) SELECT count(*) AS rows FROM deleted`
}

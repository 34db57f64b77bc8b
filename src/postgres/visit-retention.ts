import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { DAY_MS } from '../visits/visit.ts'
import type { PrunedVisits, VisitRetention } from '../visits/visit-retention.ts'
import type { Database } from './client.ts'
import { compactDomains, compactLinks } from './compact-details.ts'
import { domainDetails, domainVisitors, linkDetails, linkVisitors, misses, visits } from './visit-schema.ts'

/** After the end of their day. */
const KEEP_VISITORS_FOR_DAYS = 2
/** Rows a statement, so that none takes long or holds many locks. */
const CHUNK = { deleted: 20_000, compacted: 5_000 } as const
/** What a run may take: hourly ones keep up with 2 million rows of a link and a day each day. */
const MAX_RUN_MS = 30_000
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

/** What a run may have to do. */
interface Chore {
  readonly kind: Exclude<keyof PrunedVisits, 'complete'>
  readonly isDue: SQL
  /** Does a part of it: `atMost` rows. */
  readonly statement: SQL
  readonly atMost: number
}

export function postgresVisitRetention(
  database: Database,
  { within, now, logDays, detailDays, maxRunMs = MAX_RUN_MS }: PostgresRetentionOptions,
): VisitRetention {
  /** Those that have something to do, by one statement: most runs have nothing. */
  async function amongDue(chores: readonly Chore[]): Promise<readonly Chore[]> {
    const due = sql.join(
      chores.map(({ isDue }) => isDue),
      sql`, `,
    )
    const [row] = await database.execute<{ due: readonly (boolean | null)[] }>(
      sql`SELECT json_build_array(${due}) AS due`,
      within,
    )
    return chores.filter((_, i) => row?.due[i] === true)
  }

  return {
    async prune(mayGoOn = () => true) {
      const startedAt = now()
      const pruned = { visits: 0, visitors: 0, days: 0, misses: 0 }
      const isOver = (): boolean => !mayGoOn() || now() - startedAt > maxRunMs
      if (isOver()) return { ...pruned, complete: false }
      // In turns, so that none waits for another one's backlog.
      let left = await amongDue(choresOf(startedAt, logDays, detailDays))
      while (left.length > 0) {
        const going = []
        for (const chore of left) {
          if (isOver()) return { ...pruned, complete: false }
          const [row] = await database.execute<{ rows: string }>(chore.statement, within)
          const rows = Number(row?.rows ?? 0)
          pruned[chore.kind] += rows
          if (rows === chore.atMost) going.push(chore)
        }
        left = going
      }
      return { ...pruned, complete: true }
    },
  }
}

function choresOf(now: number, logDays: number, detailDays: number): readonly Chore[] {
  const daysAgo = (days: number): string => new Date(now - days * DAY_MS).toISOString()
  const firstDetailed = daysAgo(detailDays).slice(0, 10)
  const lastForgotten = daysAgo(1 + KEEP_VISITORS_FOR_DAYS).slice(0, 10)
  const deletion = (kind: Chore['kind'], table: Pruned, column: PgColumn, end: SQL): Chore => ({
    ...{ kind, isDue: hasAny(table, column, end), atMost: CHUNK.deleted },
    statement: deleteChunk(table, sql`${column} ${end}`),
  })
  const isOldDay = sql`< ${firstDetailed}::date`
  const atMost = CHUNK.compacted
  return [
    deletion('visitors', linkVisitors, linkVisitors.day, sql`<= ${lastForgotten}::date`),
    deletion('visitors', domainVisitors, domainVisitors.day, sql`<= ${lastForgotten}::date`),
    deletion('visits', visits, visits.at, sql`< ${daysAgo(logDays)}::timestamptz`),
    {
      ...{ kind: 'days', isDue: hasAny(linkDetails, linkDetails.day, isOldDay), atMost },
      statement: compactLinks(firstDetailed, atMost),
    },
    {
      ...{ kind: 'days', isDue: hasAny(domainDetails, domainDetails.day, isOldDay), atMost },
      statement: compactDomains(firstDetailed, atMost),
    },
    deletion('misses', misses, misses.day, isOldDay),
  ]
}

type Pruned = typeof linkVisitors | typeof domainVisitors | typeof visits | typeof misses

/** By the oldest one, which an index has at hand; the planner may read a whole table for `EXISTS`. */
const hasAny = (table: Pruned | typeof linkDetails | typeof domainDetails, column: PgColumn, end: SQL): SQL =>
  sql`(SELECT min(${column}) ${end} FROM ${table})`

/** Rows that a flush writes to are left to the next run. */
function deleteChunk(table: Pruned, isDue: SQL): SQL {
  return sql`
    WITH deleted AS (
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ${isDue} LIMIT ${sql.raw(`${CHUNK.deleted}`)} FOR UPDATE SKIP LOCKED
      )) RETURNING 1
    ) SELECT count(*) AS rows FROM deleted`
}

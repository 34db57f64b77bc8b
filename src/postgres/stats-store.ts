import { type SQL, sql } from 'drizzle-orm'
import { SourceUnavailable } from '../errors.ts'
import type { StatsStore, StoredStats } from '../owners/stats-store.ts'
import { TooManyVisits } from '../owners/too-many-visits.ts'
import type { Database } from './client.ts'
import { loggedStatsStatement } from './logged-stats.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { sqlState } from './postgres-error.ts'
import { type GroupRows, toGroups } from './stats-groups.ts'
import { statsStatement } from './stats-statement.ts'

/** An owner does not wait longer for a figure. */
const MAX_STATEMENT_MS = 15_000
/** Postgres gives up first: a request that is broken off would count as an outage. */
const WITHIN_MS = 2 * MAX_STATEMENT_MS
const QUERY_CANCELED = '57014'

type StatsRow = {
  readonly links: string
  readonly points: readonly (readonly [number, number, number, number | null])[] | null
  readonly visitors: string
  readonly divided_since: number | null
  readonly group_range: readonly [number, number]
  readonly groups: GroupRows | null
  readonly waiting: string
}

export function postgresStats(database: Database): StatsStore {
  const read = async (statement: SQL): Promise<StoredStats> => {
    const [row] = await readWithin<StatsRow>(database, statement)
    if (row === undefined) throw new Error('a statement of aggregates returned no row')
    const points = (row.points ?? []).map(
      ([point, hits, bots, visitors]) => [point, { hits, bots, visitors }] as const,
    )
    return {
      ...{ links: Number(row.links), visitors: Number(row.visitors), waiting: Number(row.waiting) },
      points: new Map(points),
      dividedSince: row.divided_since,
      groups: toGroups(row.groups),
      groupRange: row.group_range,
    }
  }
  return {
    count: (query, waiting) => read(statsStatement(query, waiting)),
    countLogged: (query, filter) => read(loggedStatsStatement(query, filter)),
  }
}

/** Runs a statement that may have much to read, for a while. @throws {TooManyVisits} */
export async function readWithin<Row extends Record<string, unknown>>(
  database: Database,
  statement: SQL,
): Promise<readonly Row[]> {
  try {
    const [, , { rows }] = await database.run(
      (db) => db.batch([db.execute(PLANNER_SETTINGS), db.execute(TIME_LIMIT), db.execute<Row>(statement)]),
      WITHIN_MS,
    )
    return rows
  } catch (error) {
    const isTooLong = error instanceof SourceUnavailable && sqlState(error.cause) === QUERY_CANCELED
    throw isTooLong ? new TooManyVisits() : error
  }
}

const TIME_LIMIT = sql`SELECT set_config('statement_timeout', ${`${MAX_STATEMENT_MS}`}, true)`

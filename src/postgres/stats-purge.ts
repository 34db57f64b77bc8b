import { sql } from 'drizzle-orm'
import type { StatsPurge } from '../owners/stats-purge.ts'
import type { Database } from './client.ts'
import { linkHits, links } from './schema.ts'
import { linkDays, linkDetails, linkMonths, linkVisitors, visits } from './visit-schema.ts'

/** A link may have millions of visits. */
const WITHIN_MS = 30_000

/**
 * Totals stay as they are, both of hits and of people: the hits of the days that go are from then on part of `baseline`, as
 * if they had been counted elsewhere, and `bots` goes on counting theirs. So `hits` is still what the days add up to.
 *
 * Details that have been added to a month cannot be told apart by day: of the month that `before` is in, they go too.
 * Rows of domains stay, in which no link is told apart.
 *
 * The link is locked first, as a flush does, so that the two wait for each other instead of deadlocking; and by a statement of
 * its own, so that what a flush or a compaction has written while this waited is seen and deleted too.
 */
export function postgresStatsPurge(database: Database): StatsPurge {
  return {
    async purgeStats(linkId, before) {
      const statement = sql`
        WITH link AS MATERIALIZED (
          SELECT id FROM ${links} WHERE id = ${linkId}::bigint
        ), days AS (
          DELETE FROM ${linkDays} WHERE link_id IN (SELECT id FROM link) AND day < ${before}::date RETURNING hits
        ), details AS (
          DELETE FROM ${linkDetails} WHERE link_id IN (SELECT id FROM link) AND day < ${before}::date
        ), months AS (
          DELETE FROM ${linkMonths} WHERE link_id IN (SELECT id FROM link) AND month < ${before}::date
        ), visitors AS (
          DELETE FROM ${linkVisitors} WHERE link_id IN (SELECT id FROM link) AND day < ${before}::date
        ), log AS (
          DELETE FROM ${visits} WHERE link_id IN (SELECT id FROM link)
            AND at < ${before}::date::timestamp AT TIME ZONE 'UTC' RETURNING 1
        ), purged AS MATERIALIZED (
          SELECT count(*) AS days, coalesce(sum(hits), 0)::bigint AS hits FROM days
        ), moved AS (
          UPDATE ${linkHits} SET hits = link_hits.hits - purged.hits, baseline = baseline + purged.hits
          FROM purged WHERE link_id IN (SELECT id FROM link) AND purged.hits > 0
        )
        SELECT days, hits, (SELECT count(*) FROM log) AS visits FROM purged WHERE EXISTS (SELECT FROM link)`
      const lock = sql`SELECT FROM ${links} WHERE id = ${linkId}::bigint FOR UPDATE`
      const [, { rows }] = await database.run(
        (db) =>
          db.batch([db.execute(lock), db.execute<Record<'days' | 'hits' | 'visits', string>>(statement)]),
        WITHIN_MS,
      )
      const [row] = rows
      if (row === undefined) return null
      return { days: Number(row.days), hits: Number(row.hits), visits: Number(row.visits) }
    },
  }
}

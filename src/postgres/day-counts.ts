import { type SQL, sql } from 'drizzle-orm'
import { domainDays, linkDays } from './visit-schema.ts'

/** A day whose sketch is forgotten keeps the visitors that it had. An estimate may exceed the people, and visitors do not. */
const adding = (table: typeof linkDays | typeof domainDays): SQL => sql`
  hits = ${table}.hits + excluded.hits, bots = ${table}.bots + excluded.bots,
  visitors = least(
    ${table}.hits + excluded.hits - ${table}.bots - excluded.bots, greatest(${table}.visitors, excluded.visitors))`

/** As many as come now, where none have come before. */
const VISITORS = sql`CASE WHEN s.is_new THEN least(s.visitors, n.hits - n.bots) ELSE coalesce(s.visitors, 0) END`

/** Adds `visited` to the days of links and domains. Hits of before migration 0010 are in no day. */
export const DAY_COUNTS = sql`
  link_day_news AS MATERIALIZED (
    SELECT link_id, domain, day, sum(hits)::bigint AS hits, coalesce(sum(hits) FILTER (WHERE is_bot), 0)::bigint AS bots
    FROM visited GROUP BY link_id, domain, day
  ), link_days_written AS (
    INSERT INTO ${linkDays} (link_id, day, hits, bots, visitors)
    SELECT n.link_id, n.day, n.hits, n.bots, ${VISITORS}
    FROM link_day_news n LEFT JOIN link_sketches s ON s.link_id = n.link_id AND s.day = n.day ORDER BY 1, 2
    ON CONFLICT (link_id, day) DO UPDATE SET ${adding(linkDays)}
  ), domain_day_news AS (
    SELECT coalesce(domain, '') AS domain, day, sum(hits)::bigint AS hits, sum(bots)::bigint AS bots
    FROM link_day_news GROUP BY GROUPING SETS ((domain, day), (day))
  ), domain_days_written AS (
    INSERT INTO ${domainDays} (domain, day, hits, bots, visitors)
    SELECT n.domain, n.day, n.hits, n.bots, ${VISITORS}
    FROM domain_day_news n LEFT JOIN domain_sketches s ON s.domain = n.domain AND s.day = n.day ORDER BY 1, 2
    ON CONFLICT (domain, day) DO UPDATE SET ${adding(domainDays)}
  )`

import { type SQL, sql } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/pg-core'
import { NEXT_VERSION } from './expressions.ts'
import { cacheOutbox } from './schema.ts'

/**
 * Puts the names and versions of the rows in `written` into the outbox, in the same statement. An insert draws its version
 * before it waits for the deletion of what had its key. If that deletion is still in the outbox, it may reach Redis later
 * and hide what is new, so the row gets a version above both, which no settling takes out: see `settle`.
 * In the order of the names, like every write of many, so that two of them cannot deadlock.
 * @param name of a row in `written`; see `registerName`.
 */
export const toOutbox = (name: SQL) =>
  new QueryBuilder().$with('outbox', {}).as(sql`
    INSERT INTO ${cacheOutbox} AS o (name, version) SELECT ${name} AS name, version FROM written
    ORDER BY name ON CONFLICT (name) DO UPDATE SET created_at = now(), version =
      CASE WHEN excluded.version < o.version THEN ${NEXT_VERSION} ELSE excluded.version END`)

/** For writes of links. */
export const OUTBOX = toOutbox(sql`domain || '/' || code`)

/** As `OUTBOX`, for a statement without the query builder. */
export const TO_OUTBOX = sql`outbox AS (${OUTBOX._.sql})`

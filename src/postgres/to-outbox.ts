import { type SQL, sql } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/pg-core'
import { SETTLED_FOR_MS } from '../registers/outbox.ts'
import { NEXT_VERSION } from './expressions.ts'
import { cacheOutbox, settledEdits } from './schema.ts'

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
export const TO_OUTBOX = sql`outbox AS (${OUTBOX._.sql} RETURNING o.name, xmax = 0 AS was_empty)`

export const SETTLED_FOR = sql`${SETTLED_FOR_MS / 1000}::integer * interval '1 second'`

/**
 * See `Edit`; of a row in `written`, which knows whether it `is_new`, after `TO_OUTBOX`. An earlier edit that has not been published
 * is met by the insert into the outbox, unless that was done while this statement ran: then the change log has named it.
 * Looked up one by one, for the same reason as in `registersOf`.
 */
export const IS_FIRST = sql`(is_new
  AND domain || '/' || code IN (SELECT name FROM outbox WHERE was_empty)
  AND (SELECT name FROM ${cacheOutbox} WHERE name = domain || '/' || code) IS NULL
  AND (SELECT name FROM ${settledEdits}
    WHERE name = domain || '/' || code AND settled_at > now() - ${SETTLED_FOR}) IS NULL)`

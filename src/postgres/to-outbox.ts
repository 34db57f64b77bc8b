import { sql } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/pg-core'

/**
 * Puts the keys and versions of the rows in `written` into the outbox, in the same statement. An insert draws its version
 * before it waits for the deletion of the link that had its code. If that deletion is still in the outbox, it may reach
 * Redis later and hide the new link, so the row gets a version above both, which no settling takes out: see `settle`.
 * In the order of the keys, like every write of many, so that two of them cannot deadlock.
 */
export const OUTBOX = new QueryBuilder().$with('outbox', {}).as(sql`
    INSERT INTO cache_outbox AS o (domain, code, version) SELECT domain, code, version FROM written
    ORDER BY code, domain ON CONFLICT (domain, code) DO UPDATE SET created_at = now(), version =
      CASE WHEN excluded.version < o.version THEN nextval('link_version_seq') ELSE excluded.version END`)

/** As `OUTBOX`, for a statement without the query builder. */
export const TO_OUTBOX = sql`outbox AS (${OUTBOX._.sql})`

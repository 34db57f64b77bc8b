import { sql } from 'drizzle-orm'

/** Puts the keys and versions of the rows in `written` into the outbox, in the same statement. */
export const TO_OUTBOX = sql`
  outbox AS (
    INSERT INTO cache_outbox (domain, code, version) SELECT domain, code, version FROM written
    ON CONFLICT (domain, code) DO UPDATE SET version = excluded.version, created_at = now()
  )`

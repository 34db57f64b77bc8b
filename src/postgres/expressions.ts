/**
 * @module
 * Expressions that tables and statements share. Those of an index must be the same to the letter for it to be used.
 */
import { sql } from 'drizzle-orm'

/**
 * What `q` searches: one text and so one trigram index, a third of what three of them cost every write. The line breaks
 * keep a match from reaching across two fields.
 */
export const SEARCH_TEXT = sql.raw(`(code || chr(10) || url || chr(10) || coalesce(title, ''))`)

/** Every hit that Postgres has of a link, wherever it was counted. */
export const TOTAL_HITS = sql.raw('(hits + baseline)')

/** Those of them that were not made by bots, as far as that is known: who counted elsewhere may not have told them apart. */
export const TOTAL_PEOPLE = sql.raw('(hits + baseline - bots)')

/** Drawn by every write of a link or of a domain's settings. */
export const NEXT_VERSION = sql<number>`nextval('link_version_seq')`.mapWith(Number)

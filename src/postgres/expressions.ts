/**
 * @module
 * Expressions that indexes are made of: a statement must repeat them to the letter to use the index.
 */
import { sql } from 'drizzle-orm'

/**
 * What `q` searches: one text and so one trigram index, a third of what three of them cost every write. The line breaks
 * keep a match from reaching across two fields.
 */
export const SEARCH_TEXT = sql.raw(`(code || chr(10) || url || chr(10) || coalesce(title, ''))`)

/** Every hit that Postgres has of a link, wherever it was counted. */
export const TOTAL_HITS = sql.raw('(hits + baseline)')

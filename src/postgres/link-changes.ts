import { is, or, SQL, sql } from 'drizzle-orm'
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core'
import { MAX_TAGS } from '../links/link.ts'
import type { LinkChanges } from '../owners/link-fields.ts'
import { NEXT_VERSION } from './expressions.ts'
import { LINK_COLUMNS } from './link-columns.ts'
import { links } from './schema.ts'

/** By column; `undefined` = leave as it is. */
function changed({ addTags, removeTags, keepOldCode, ...columns }: LinkChanges) {
  return { ...columns, tags: columns.tags ?? tagsOf({ addTags, removeTags }) }
}

/** In their order, each once; those to be added last. */
function tagsOf({ addTags = [], removeTags = [] }: LinkChanges): SQL | undefined {
  if (addTags.length + removeTags.length === 0) return undefined
  const { tags } = links
  const [added, removed] = [sql.param(addTags, tags), sql.param(removeTags, tags)]
  return sql`ARRAY(
    SELECT tag FROM unnest(${tags} || ${added}::text[]) WITH ORDINALITY AS listed (tag, place)
    WHERE place > cardinality(${tags}) OR tag <> ALL(${removed}::text[]) GROUP BY tag ORDER BY min(place))`
}

/** For SET: the changes, and what changes with every write. */
export function assignments(changes: LinkChanges): PgUpdateSetSource<typeof links> {
  return { ...changed(changes), updatedAt: sql`now()`, version: NEXT_VERSION }
}

/** Whether a row is not yet as `changes` would have it. To add or remove no tags changes nothing. */
export function differs(changes: LinkChanges): SQL | undefined {
  const values: Readonly<Record<string, unknown>> = changed(changes)
  const columns = Object.entries(LINK_COLUMNS).filter(([field]) => values[field] !== undefined)
  return or(
    sql`FALSE`,
    ...columns.map(([field, column]) => {
      const value = values[field]
      return sql`${column} IS DISTINCT FROM ${is(value, SQL) ? value : sql.param(value, column)}`
    }),
  )
}

/** Whether a row would not get too many tags; `undefined` = none can. */
export function hasRoom({ addTags, removeTags }: LinkChanges): SQL | undefined {
  const tags = addTags && tagsOf({ addTags, removeTags })
  return tags && sql`cardinality(${tags}) <= ${MAX_TAGS}`
}

import { and, count, eq, inArray, not, notExists, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { type BulkChange, type LinkBatches, MAX_CHANGED, MAX_MATCHED } from '../owners/link-batches.ts'
import type { LinkFilter } from '../owners/link-filter.ts'
import type { Database, QueryBuilder } from './client.ts'
import { differs, hasRoom } from './link-changes.ts'
import { CHOSEN, deleteTables, toEdited, updateTables } from './link-edits.ts'
import { matches } from './link-filter.ts'
import type { LinkChanges } from './link-repository.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { links } from './schema.ts'
import { OUTBOX } from './to-outbox.ts'

/** Each time somebody else took a code in the very moment in which a link was to move there. */
const MAX_COLLISIONS = 3

export function postgresBulkEdits(database: Database): Pick<LinkBatches, 'update' | 'delete' | 'match'> {
  /**
   * Locks rows in the same order as a batch of writes: the two cannot deadlock.
   * @param changes `null` = delete them.
   */
  async function edit(filter: LinkFilter, changes: LinkChanges | null): Promise<BulkChange> {
    const [, rows] = await database.run((db) => {
      const { condition, matching } = toEdit(db, filter, changes)
      const first = db.select({ id: matching.id }).from(matching).limit(MAX_CHANGED)
      // Flushes share the keys of the links that they count for: they wait for a move or a deletion, for no other edit.
      const choice = db
        .select(CHOSEN)
        .from(links)
        .where(and(inArray(links.id, first), condition))
        .orderBy(links.code, links.domain)
        .for(changes === null || changes.domain !== undefined ? 'update' : 'no key update')
      const { tables, written } =
        changes === null ? deleteTables(db, choice) : updateTables(db, choice, changes)
      const total = db
        .select({ matched: count().as('matched') })
        .from(matching)
        .as('total')
      const statement = db
        .with(matching, ...tables, written, OUTBOX)
        .select()
        .from(total)
      return db.batch([db.execute(PLANNER_SETTINGS), statement.leftJoin(written, sql`true`)])
    })
    const edited = toEdited(rows.flatMap(({ written }) => written ?? []))
    return { matched: rows[0]?.total.matched ?? 0, ...edited }
  }

  return {
    async update(filter, changes) {
      for (let collisions = 0; ; collisions++) {
        try {
          return await edit(filter, changes)
        } catch (error) {
          if (collisions === MAX_COLLISIONS || !isUniqueViolation(error)) throw error
        }
      }
    },

    delete: (filter) => edit(filter, null),

    async match(filter, changes) {
      const [, [row]] = await database.run((db) => {
        const { matching } = toEdit(db, filter, changes)
        const free = changes === null ? undefined : isFree(db, changes)
        const first = db
          .select({ id: sql`${matching.id}::text` })
          .from(matching)
          .limit(MAX_CHANGED)
        const taken = db
          .select({ id: links.id })
          .from(links)
          .where(and(matches(filter), free === undefined ? sql`FALSE` : not(free)))
          .limit(MAX_MATCHED)
        const statement = db
          .with(matching)
          .select({
            matched: count(),
            ids: sql<readonly string[]>`ARRAY${first}`,
            taken: sql<number>`(SELECT count(*) FROM ${taken} AS taken)`.mapWith(Number),
          })
          .from(matching)
        return db.batch([db.execute(PLANNER_SETTINGS), statement])
      })
      return row ?? { matched: 0, ids: [], taken: 0 }
    },
  }
}

/** @param changes `null` = delete them. */
function toEdit(db: QueryBuilder, filter: LinkFilter, changes: LinkChanges | null) {
  const condition =
    changes === null
      ? matches(filter)
      : and(matches(filter), differs(changes), hasRoom(changes), isFree(db, changes))
  // Two links of one code cannot move to the same domain.
  const matching =
    changes?.domain === undefined
      ? db.select({ id: links.id }).from(links).where(condition)
      : db
          .selectDistinctOn([links.code], { id: links.id })
          .from(links)
          .where(condition)
          .orderBy(links.code, links.id)
  return {
    condition,
    matching: db.$with('matching', { id: links.id }).as(matching.limit(MAX_MATCHED).getSQL()),
  }
}

/** Whether a row's code is free where it would move; `undefined` = it stays. */
function isFree(db: QueryBuilder, { domain }: LinkChanges): SQL | undefined {
  if (domain === undefined) return undefined
  const there = alias(links, 'there')
  const taken = db
    .select({ id: there.id })
    .from(there)
    .where(and(eq(there.domain, domain), eq(there.code, links.code)))
  return or(eq(links.domain, domain), notExists(taken))
}

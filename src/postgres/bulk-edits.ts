import { and, count, eq, inArray, not, notExists, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { type BulkChange, type BulkStore, MAX_CHANGED, MAX_MATCHED } from '../owners/bulk-store.ts'
import type { LinkChanges } from '../owners/link-fields.ts'
import type { LinkFilter } from '../owners/link-filter.ts'
import type { Database, QueryBuilder } from './client.ts'
import { differs, hasRoom } from './link-changes.ts'
import { CHOSEN, editTables, toEdited } from './link-edits.ts'
import { matches } from './link-filter.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { links } from './schema.ts'
import { OUTBOX } from './to-outbox.ts'

/** Each time another write took a code in the very moment in which a link was to move there. */
const MAX_COLLISIONS = 3

const MATCHED = count().as('matched')

export function postgresBulkEdits(database: Database): Pick<BulkStore, 'update' | 'delete' | 'match'> {
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
      const { tables, written } = editTables(db, choice, changes)
      const total = db.select({ matched: MATCHED }).from(matching).as('total')
      const rows = db
        .with(matching, ...tables, written, OUTBOX)
        .select()
        .from(total)
      return db.batch([db.execute(PLANNER_SETTINGS), rows.leftJoin(written, sql`true`)])
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
        const first = db.select({ id: sql`${matching.id}::text` }).from(matching)
        const free = changes === null ? undefined : isFree(db, changes)
        const isTaken = and(matches(filter), free === undefined ? sql`FALSE` : not(free))
        const taken = db.select({ id: links.id }).from(links).where(isTaken).limit(MAX_MATCHED)
        const ids = sql<readonly string[]>`ARRAY${first.limit(MAX_CHANGED)}`
        const columns = { matched: MATCHED, ids, taken: db.$count(taken.as('taken')) }
        const rows = db.with(matching).select(columns).from(matching)
        return db.batch([db.execute(PLANNER_SETTINGS), rows])
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
  const columns = { id: links.id }
  // Two links of one code cannot move to the same domain.
  const all =
    changes?.domain === undefined
      ? db.select(columns).from(links).where(condition)
      : db.selectDistinctOn([links.code], columns).from(links).where(condition).orderBy(links.code, links.id)
  return { condition, matching: db.$with('matching', columns).as(all.limit(MAX_MATCHED).getSQL()) }
}

/** Whether a row's code is free where it would move; `undefined` = it stays. */
function isFree(db: QueryBuilder, { domain }: LinkChanges): SQL | undefined {
  if (domain === undefined) return undefined
  const there = alias(links, 'there')
  const isThere = and(eq(there.domain, domain), eq(there.code, links.code))
  const taken = db.select({ id: there.id }).from(there).where(isThere)
  return or(eq(links.domain, domain), notExists(taken))
}

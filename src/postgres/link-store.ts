import { and, eq, inArray, type SQL } from 'drizzle-orm'
import type { LinkStore } from '../owners/link-store.ts'
import type { Database } from './client.ts'
import { appliedAmong, COUNTED_HITS } from './counted-hits.ts'
import { hasRoom } from './link-changes.ts'
import { DELETED_COLUMNS } from './link-columns.ts'
import { CHOSEN, editTables, toEdited } from './link-edits.ts'
import { toLinkRecord } from './link-row.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { linkHits, links } from './schema.ts'
import { OUTBOX } from './to-outbox.ts'

export function postgresLinkStore(database: Database): LinkStore {
  return {
    async get(id, pendingSegments) {
      const [row] = await database.run((db) =>
        db
          .select({ link: links, ...COUNTED_HITS, appliedSegments: appliedAmong(db, pendingSegments) })
          .from(links)
          .leftJoin(linkHits, eq(linkHits.linkId, links.id))
          .where(eq(links.id, BigInt(id))),
      )
      return row === undefined ? null : { ...row, link: toLinkRecord(row.link) }
    },

    async update(id, changes, versions) {
      try {
        const rows = await database.run((db) => {
          const choice = db
            .select(CHOSEN)
            .from(links)
            .where(and(isLink(id, versions), hasRoom(changes)))
          const { tables, written } = editTables(db, choice.for('update'), changes)
          return db
            .with(...tables, written, OUTBOX)
            .select()
            .from(written)
        })
        const { changed, vacated } = toEdited(rows)
        return changed[0] === undefined ? null : { link: changed[0], vacated }
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
    },

    async delete(id, versions) {
      const [row] = await database.run((db) => {
        const deleted = db.delete(links).where(isLink(id, versions)).returning(DELETED_COLUMNS)
        const written = db.$with('written').as(deleted)
        return db.with(written, OUTBOX).select().from(written)
      })
      return row === undefined ? null : toLinkRecord(row)
    },
  }
}

const isLink = (id: string, versions: readonly number[] | null): SQL | undefined =>
  and(eq(links.id, BigInt(id)), versions === null ? undefined : inArray(links.version, [...versions]))

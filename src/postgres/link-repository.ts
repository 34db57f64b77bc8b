import { type SQL, sql } from 'drizzle-orm'
import type { LinkStore } from '../owners/link-store.ts'
import type { Database } from './client.ts'
import { TOTAL_HITS } from './expressions.ts'
import { type HitsRow, hitsFromRow } from './hits-row.ts'
import { AS_DELETED, hasRoom } from './link-changes.ts'
import { type EditedRow, editedFromRows, editTables } from './link-edits.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { textArray } from './text-array.ts'
import { TO_OUTBOX } from './to-outbox.ts'

export function postgresLinkRepository(database: Database): LinkStore {
  return {
    async get(id, pendingSegments) {
      const [row] = await database.execute<LinkRow & HitsRow & { applied: readonly string[] }>(sql`
        SELECT links.*, (SELECT ${TOTAL_HITS} FROM link_hits WHERE link_id = id) AS hits,
          (SELECT last_hit_at FROM link_hits WHERE link_id = id) AS last_hit_at,
          ARRAY(SELECT id FROM hit_batches WHERE id = ANY(${textArray(pendingSegments)})) AS applied
        FROM links WHERE id = ${id}`)
      if (row === undefined) return null
      return { link: linkFromRow(row), ...hitsFromRow(row), appliedSegments: row.applied }
    },

    async update(id, changes, versions) {
      try {
        const rows = await database.execute<EditedRow>(sql`
          WITH chosen AS MATERIALIZED (
            SELECT id, domain, code FROM links WHERE ${isLink(id, versions)} AND ${hasRoom(changes)} FOR UPDATE
          ), ${editTables(changes)}, ${TO_OUTBOX} SELECT * FROM written`)
        const { changed, vacated } = editedFromRows(rows)
        return changed[0] === undefined ? null : { link: changed[0], vacated }
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
    },

    async delete(id, versions) {
      const [row] = await database.execute<LinkRow>(sql`
        WITH written AS (DELETE FROM links WHERE ${isLink(id, versions)} RETURNING ${AS_DELETED}), ${TO_OUTBOX}
        SELECT * FROM written`)
      return row === undefined ? null : linkFromRow(row)
    },
  }
}

const isLink = (id: string, versions: readonly number[] | null): SQL =>
  versions === null
    ? sql`id = ${id}`
    : sql`id = ${id} AND version = ANY(${sql.param([...versions])}::bigint[])`

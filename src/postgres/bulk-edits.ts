import { type SQL, sql } from 'drizzle-orm'
import { type BulkChange, type BulkStore, MAX_CHANGED, MAX_MATCHED } from '../owners/bulk-store.ts'
import type { LinkChanges } from '../owners/link-fields.ts'
import type { LinkFilter } from '../owners/link-filter.ts'
import type { Database } from './client.ts'
import { AS_DELETED, differs, hasRoom } from './link-changes.ts'
import { type EditedRow, editedFromRows, editTables } from './link-edits.ts'
import { matches } from './link-filter.ts'
import { PLANNER_SETTINGS } from './planner-settings.ts'
import { isUniqueViolation } from './postgres-error.ts'
import { TO_OUTBOX } from './to-outbox.ts'

type ChangedRow = { readonly matched: string } & (EditedRow | { readonly domain: null })

/** Each time somebody else took a code in the very moment in which a link was to move there. */
const MAX_COLLISIONS = 3

export function postgresBulkEdits(database: Database): Pick<BulkStore, 'update' | 'delete' | 'match'> {
  /**
   * Locks rows in the same order as a batch of writes: the two cannot deadlock.
   * @param tables a write to the links in `chosen`, the last one of them `written`.
   */
  async function change(chosen: Chosen, tables: SQL): Promise<BulkChange> {
    const rows = await run<ChangedRow>(sql`
      WITH ${matching(chosen)}, chosen AS MATERIALIZED (
        SELECT id, domain, code FROM links
        WHERE id IN (SELECT id FROM matching LIMIT ${MAX_CHANGED}) AND ${chosen.condition}
        ORDER BY code, domain ${chosen.lock}
      ), ${tables}, ${TO_OUTBOX}
      SELECT total.matched, written.* FROM (SELECT count(*) AS matched FROM matching) AS total
        LEFT JOIN written ON true`)
    const written = rows.flatMap((row) => (row.domain === null ? [] : row))
    return { matched: Number(rows[0]?.matched ?? 0), ...editedFromRows(written) }
  }

  const run = <Row>(statement: SQL): Promise<Row[]> => database.executeAfter(PLANNER_SETTINGS, statement)

  return {
    async update(filter, changes) {
      for (let collisions = 0; ; collisions++) {
        try {
          return await change(toChange(filter, changes), editTables(changes))
        } catch (error) {
          if (collisions === MAX_COLLISIONS || !isUniqueViolation(error)) throw error
        }
      }
    },

    delete: (filter) =>
      change(
        toDelete(filter),
        sql`written AS (
          DELETE FROM links WHERE id IN (SELECT id FROM chosen) RETURNING ${AS_DELETED}, false AS is_vacated
        )`,
      ),

    async match(filter, changes) {
      const chosen = changes === null ? toDelete(filter) : toChange(filter, changes)
      const [row] = await run<{ matched: string; ids: string[]; taken: string }>(sql`
        WITH ${matching(chosen)}
        SELECT count(*) AS matched, ARRAY(SELECT id::text FROM matching LIMIT ${MAX_CHANGED}) AS ids,
          (SELECT count(*) FROM (SELECT FROM links WHERE ${meant(filter)} AND NOT ${isFree(changes)}
            LIMIT ${MAX_MATCHED}) AS taken) AS taken
        FROM matching`)
      return {
        ...{ matched: Number(row?.matched ?? 0), ids: row?.ids ?? [], taken: Number(row?.taken ?? 0) },
      }
    },
  }
}

interface Chosen {
  /** Of a row of `links`. */
  readonly condition: SQL
  /** Two links of one code cannot move to the same domain. */
  readonly isMove: boolean
  /** Flushes share the keys of the links that they count for: they wait for a move or a deletion, for no other edit. */
  readonly lock: SQL
}

const toDelete = (filter: LinkFilter): Chosen => ({
  ...{ condition: meant(filter), isMove: false, lock: sql`FOR UPDATE` },
})

function toChange(filter: LinkFilter, changes: LinkChanges): Chosen {
  const condition = sql`${meant(filter)} AND (${differs(changes)}) AND ${hasRoom(changes)} AND ${isFree(changes)}`
  const isMove = changes.domain !== undefined
  return { condition, isMove, lock: isMove ? sql`FOR UPDATE` : sql`FOR NO KEY UPDATE` }
}

const meant = (filter: LinkFilter): SQL => matches(filter) ?? sql`TRUE`

/** Whether a row's code is free where it would move. */
function isFree(changes: LinkChanges | null): SQL {
  if (changes?.domain === undefined) return sql`TRUE`
  const { domain } = changes
  return sql`(links.domain = ${domain} OR NOT EXISTS (
    SELECT FROM links AS there WHERE there.domain = ${domain} AND there.code = links.code))`
}

const matching = ({ condition, isMove }: Chosen): SQL => sql`matching AS MATERIALIZED (
  SELECT ${isMove ? sql`DISTINCT ON (code) id` : sql`id`} FROM links WHERE ${condition}
  ${isMove ? sql`ORDER BY code, id` : sql``} LIMIT ${MAX_MATCHED})`

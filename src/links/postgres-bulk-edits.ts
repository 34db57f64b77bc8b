import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { PLANNER_SETTINGS } from '../db/planner-settings.ts'
import { TO_OUTBOX } from '../db/to-outbox.ts'
import { type BulkChange, type LinkBatches, MAX_CHANGED, MAX_MATCHED } from './link-batches.ts'
import type { LinkFilter } from './link-filter.ts'
import type { LinkChanges } from './link-repository.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { AS_DELETED, assignments, differs } from './postgres-link-changes.ts'
import { matches } from './postgres-link-filter.ts'

type ChangedRow = { readonly matched: string } & (LinkRow | { readonly id: null })

export function postgresBulkEdits(database: Database): Pick<LinkBatches, 'update' | 'delete' | 'match'> {
  /**
   * Locks rows in the same order as a batch of writes: the two cannot deadlock.
   * @param statement a write to the links in `chosen` that returns them as they are after it.
   */
  async function change(condition: SQL, statement: SQL): Promise<BulkChange> {
    const rows = await run<ChangedRow>(sql`
      WITH ${matching(condition)}, chosen AS MATERIALIZED (
        SELECT id FROM links WHERE id IN (SELECT id FROM matching LIMIT ${MAX_CHANGED}) AND ${condition}
        ORDER BY code, domain FOR UPDATE
      ), written AS (${statement}), ${TO_OUTBOX}
      SELECT total.matched, written.* FROM (SELECT count(*) AS matched FROM matching) AS total
        LEFT JOIN written ON true`)
    const changed = rows.flatMap((row) => (row.id === null ? [] : linkFromRow(row)))
    return { matched: Number(rows[0]?.matched ?? 0), changed }
  }

  const run = <Row>(statement: SQL): Promise<Row[]> => database.executeAfter(PLANNER_SETTINGS, statement)

  return {
    update: (filter, changes) =>
      change(
        condition(filter, changes),
        sql`UPDATE links SET ${assignments(changes)}
          WHERE id IN (SELECT id FROM chosen) RETURNING *`,
      ),

    delete: (filter) =>
      change(
        condition(filter, null),
        sql`DELETE FROM links WHERE id IN (SELECT id FROM chosen)
          RETURNING ${AS_DELETED}`,
      ),

    async match(filter, changes) {
      const [row] = await run<{ matched: string; ids: string[] }>(sql`
        WITH ${matching(condition(filter, changes))}
        SELECT count(*) AS matched, ARRAY(SELECT id::text FROM matching LIMIT ${MAX_CHANGED}) AS ids FROM matching`)
      return { matched: Number(row?.matched ?? 0), ids: row?.ids ?? [] }
    },
  }
}

const matching = (condition: SQL): SQL =>
  sql`matching AS MATERIALIZED (SELECT id FROM links WHERE ${condition} LIMIT ${MAX_MATCHED})`

function condition(filter: LinkFilter, changes: LinkChanges | null): SQL {
  const meant = matches(filter) ?? sql`TRUE`
  return changes === null ? meant : sql`${meant} AND (${differs(changes)})`
}

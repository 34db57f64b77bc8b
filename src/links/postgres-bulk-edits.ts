import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { PLANNER_SETTINGS } from '../db/planner-settings.ts'
import { guardPostgres } from '../db/postgres-error.ts'
import { TO_OUTBOX } from '../db/to-outbox.ts'
import { type BulkChange, type LinkBatches, MAX_CHANGED, MAX_MATCHED } from './link-batches.ts'
import type { LinkFilter } from './link-filter.ts'
import type { LinkChanges } from './link-repository.ts'
import { type LinkRow, linkFromRow } from './link-row.ts'
import { matches, textArray } from './postgres-link-filter.ts'

type ChangedRow = { readonly matched: string } & (LinkRow | { readonly id: null })

export function postgresBulkEdits(database: Database): Pick<LinkBatches, 'update' | 'delete' | 'match'> {
  /** @param statement a write to the links in `chosen` that returns them as they are after it. */
  async function change(condition: SQL, statement: SQL): Promise<BulkChange> {
    const rows = await run<ChangedRow>(sql`
      WITH ${matching(condition)}, chosen AS MATERIALIZED (
        SELECT id FROM links WHERE id IN (SELECT id FROM matching LIMIT ${MAX_CHANGED}) AND ${condition}
        ORDER BY id FOR UPDATE
      ), written AS (${statement}), ${TO_OUTBOX}
      SELECT total.matched, written.* FROM (SELECT count(*) AS matched FROM matching) AS total
        LEFT JOIN written ON true`)
    const changed = rows.flatMap((row) => (row.id === null ? [] : linkFromRow(row)))
    return { matched: Number(rows[0]?.matched ?? 0), changed }
  }

  async function run<Row extends Record<string, unknown>>(statement: SQL): Promise<Row[]> {
    const settings = database.execute(PLANNER_SETTINGS)
    const [, { rows }] = await guardPostgres(database.batch([settings, database.execute<Row>(statement)]))
    return rows
  }

  return {
    update: (filter, changes) =>
      change(
        condition(filter, changes),
        sql`UPDATE links SET ${assignments(changes)}, updated_at = now(), version = nextval('link_version_seq')
          WHERE id IN (SELECT id FROM chosen) RETURNING *`,
      ),

    delete: (filter) =>
      change(
        condition(filter, null),
        sql`DELETE FROM links WHERE id IN (SELECT id FROM chosen)
          RETURNING id, domain, code, url, status, enabled, expires_at, forward_query, title, tags, created_at,
            updated_at, nextval('link_version_seq') AS version`,
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

const COLUMNS = {
  url: 'url',
  status: 'status',
  enabled: 'enabled',
  expiresAt: 'expires_at',
  forwardQuery: 'forward_query',
  title: 'title',
  tags: 'tags',
} as const satisfies Record<keyof LinkChanges, string>

function columnsOf(changes: LinkChanges): { readonly column: SQL; readonly value: SQL }[] {
  const { expiresAt, tags, ...plain } = changes
  const values = {
    url: plain.url !== undefined && sql`${plain.url}::text`,
    status: plain.status !== undefined && sql`${plain.status}::smallint`,
    enabled: plain.enabled !== undefined && sql`${plain.enabled}::boolean`,
    expiresAt: expiresAt !== undefined && sql`${expiresAt?.toISOString() ?? null}::timestamptz`,
    forwardQuery: plain.forwardQuery !== undefined && sql`${plain.forwardQuery}::boolean`,
    title: plain.title !== undefined && sql`${plain.title}::text`,
    tags: tags !== undefined && textArray(tags),
  } satisfies Record<keyof LinkChanges, SQL | false>
  return Object.entries(values).flatMap(([field, value]) =>
    value === false ? [] : [{ column: sql.raw(COLUMNS[field as keyof LinkChanges]), value }],
  )
}

function assignments(changes: LinkChanges): SQL {
  return sql.join(
    columnsOf(changes).map(({ column, value }) => sql`${column} = ${value}`),
    sql`, `,
  )
}

function differs(changes: LinkChanges): SQL {
  return sql.join(
    columnsOf(changes).map(({ column, value }) => sql`${column} IS DISTINCT FROM ${value}`),
    sql` OR `,
  )
}

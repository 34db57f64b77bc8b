import type pg from 'pg'

export interface TableSize {
  readonly table: string
  readonly rows: number
  /** Of the table with what is stored apart from it, without its indices. */
  readonly megabytes: number
  readonly indexMegabytes: number
}

/** Of the tables that have rows, the greatest first. */
export async function measureTables(client: pg.Client): Promise<TableSize[]> {
  const { rows } = await client.query<Record<keyof TableSize, string>>(`
    SELECT relname AS "table", reltuples::bigint AS rows, round(pg_table_size(oid) / 1e6) AS megabytes,
      round(pg_indexes_size(oid) / 1e6) AS "indexMegabytes"
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0
    ORDER BY pg_total_relation_size(oid) DESC`)
  return rows.map(({ table, rows: count, megabytes, indexMegabytes }) => {
    return {
      table,
      rows: Number(count),
      megabytes: Number(megabytes),
      indexMegabytes: Number(indexMegabytes),
    }
  })
}

import type { Column, GetColumnData } from 'drizzle-orm'
import type { LinkRecord } from '../links/link.ts'
import type { links } from './schema.ts'

/** A row by the names of its columns: one that Postgres wrote as JSON, or of a statement without the query builder. */
export type RawRow = Readonly<Record<string, unknown>>

/** Maps a row as the query builder maps those of its own statements. */
export function decodeRow<Columns extends Record<string, Column>>(columns: Columns, row: RawRow) {
  const fields = Object.entries(columns).map(([field, column]) => {
    const value = row[column.name] ?? null
    return [field, value === null ? null : column.mapFromDriverValue(value)]
  })
  return Object.fromEntries(fields) as { readonly [Field in keyof Columns]: GetColumnData<Columns[Field]> }
}

export function toLinkRecord(row: typeof links.$inferSelect): LinkRecord {
  return { ...row, id: String(row.id), expiresAt: row.expiresAt?.getTime() ?? null }
}

import { type Column, type GetColumnData, getTableColumns } from 'drizzle-orm'
import type { LinkRecord } from '../links/link.ts'
import { links } from './schema.ts'

/** A row by the names of its columns: one that Postgres wrote as JSON, or of a statement without the query builder. */
export type RawRow = Readonly<Record<string, unknown>>

/** A row of `links` with its id and version as the driver returns them. */
export type LinkRow = RawRow & { readonly id: string; readonly version: string }

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

export const linkFromRow = (row: RawRow): LinkRecord => toLinkRecord(decodeRow(getTableColumns(links), row))

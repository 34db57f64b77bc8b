/**
 * @module
 * What statements need of the columns of a link. It all follows from the schema: a new column is set, compared, copied,
 * imported and returned without a change here.
 */
import { type Column, getTableColumns, type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import type { LinkFields } from '../owners/link-fields.ts'
import { NEXT_VERSION } from './expressions.ts'
import { links } from './schema.ts'

export const LINK_COLUMNS = getTableColumns(links)

const { id, domain, code, createdAt, updatedAt, version, ...fields } = LINK_COLUMNS

/** What an owner decides about a link. */
export const FIELD_COLUMNS: Readonly<Record<keyof LinkFields, Column>> = fields

/** For RETURNING: a deleted link, with the version of its deletion. */
export const DELETED_COLUMNS = { ...LINK_COLUMNS, version: NEXT_VERSION.as('version') }

type Columns = Readonly<Record<string, Column>>

const list = (columns: Columns, item: (column: Column) => SQLWrapper): SQL =>
  sql.join(Object.values(columns).map(item), sql`, `)

/** For INSERT and SELECT. */
export const names = (columns: Columns): SQL => list(columns, ({ name }) => sql.identifier(name))

/** For jsonb_to_recordset. */
export const definitions = (columns: Columns): SQL =>
  list(columns, (column) => sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType())}`)

/** For ON CONFLICT DO UPDATE. */
export const overwrites = (columns: Columns): SQL =>
  list(columns, ({ name }) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`)

/** For jsonb_to_recordset: values of such columns under their names. */
export const byName = (
  columns: Columns,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(columns).map(([field, { name }]) => [name, values[field]]))

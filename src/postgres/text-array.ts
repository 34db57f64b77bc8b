import { type SQL, sql } from 'drizzle-orm'

/** As one parameter: Drizzle would spread an array over many. */
export function textArray(values: readonly string[]): SQL {
  return sql`${sql.param([...values])}::text[]`
}

import type pg from 'pg'
import { type ArrayTypes, toJsonValue } from './json-values.ts'
import type { SqlRequest } from './sql-request.ts'

/** Values in Postgres' text format. */
export type SqlResult = pg.QueryArrayResult<(string | null)[]>

/** The body of a 200. `arrays` = values go out as JSON, else as Postgres wrote them. */
export function renderSqlResponse(
  { statements, begin }: SqlRequest,
  results: readonly SqlResult[],
  arrays: ArrayTypes | null,
): string {
  const bodies = results.map((result, i) => toBody(result, statements[i]?.arrayMode ?? false, arrays))
  return JSON.stringify(begin === null ? bodies[0] : { results: bodies })
}

function toBody(result: SqlResult, rowAsArray: boolean, arrays: ArrayTypes | null): object {
  const { rowCount, fields } = result
  const toValue = (text: string | null, i: number): unknown =>
    text === null || arrays === null ? text : toJsonValue(text, fields[i]?.dataTypeID ?? 0, arrays)
  const rows = result.rows.map((row) => {
    const values = row.map(toValue)
    return rowAsArray ? values : Object.fromEntries(fields.map(({ name }, i) => [name, values[i]]))
  })
  // An empty query has no command.
  return { rowAsArray, command: result.command ?? '', rowCount, fields, rows }
}

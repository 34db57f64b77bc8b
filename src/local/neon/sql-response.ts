import { type ArrayTypes, toJsonText } from './json-values.ts'
import type { SqlRequest, SqlStatement } from './sql-request.ts'
import type { SqlResult } from './sql-run.ts'

/** The body of a 200. `arrays` is needed, and looked at, only where the values go out as JSON. */
export function renderSqlResponse(
  request: SqlRequest,
  results: readonly SqlResult[],
  arrays: ArrayTypes | null,
): string {
  const bodies = results.map((result, i) => renderResult(result, request.statements[i], arrays))
  return request.begin === null ? (bodies[0] ?? '{}') : `{"results":[${bodies.join(',')}]}`
}

function renderResult(
  result: SqlResult,
  statement: SqlStatement | undefined,
  arrays: ArrayTypes | null,
): string {
  const rowAsArray = statement?.arrayMode ?? false
  const { command, rowCount } = result
  const fields = result.fields.map((field) => ({
    name: field.name,
    dataTypeID: field.dataTypeID,
    tableID: field.tableID,
    columnID: field.columnID,
    dataTypeSize: field.dataTypeSize,
    dataTypeModifier: field.dataTypeModifier,
    format: 'text',
  }))
  const head = JSON.stringify({ rowAsArray, command, rowCount, fields })
  return `${head.slice(0, -1)},"rows":${renderRows(result, rowAsArray, arrays)}}`
}

function renderRows(result: SqlResult, rowAsArray: boolean, arrays: ArrayTypes | null): string {
  if (rowAsArray && arrays === null) return JSON.stringify(result.rows)
  const keys = result.fields.map((field) => `${JSON.stringify(field.name)}:`)
  const types = result.fields.map((field) => field.dataTypeID)
  const rows = result.rows.map((row) => {
    const values = row.map((value, i) => {
      if (value === null) return 'null'
      return arrays === null ? JSON.stringify(value) : toJsonText(value, types[i] ?? 0, arrays)
    })
    return rowAsArray ? `[${values.join(',')}]` : `{${values.map((value, i) => keys[i] + value).join(',')}}`
  })
  return `[${rows.join(',')}]`
}

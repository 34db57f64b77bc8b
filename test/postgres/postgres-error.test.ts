import { DrizzleQueryError } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { postgresFailure } from '../../src/postgres/postgres-error.ts'

/** As the driver wraps what `fetch` throws. */
const driverError = (sourceError: Error): Error =>
  Object.assign(new Error(`Error connecting to database: ${sourceError}`), { sourceError })

describe('a failed statement', () => {
  test('was never sent if the platform did not let the request out', () => {
    const limit = new Error('Too many subrequests by single Worker invocation.')
    expect(postgresFailure(driverError(limit))).toMatchObject({ store: 'postgres', wasSent: false })
  })

  test('may have been executed if the connection broke', () => {
    expect(postgresFailure(driverError(new TypeError('fetch failed')))).toMatchObject({ wasSent: true })
  })

  test('comes without the statement and its parameters, which Drizzle writes into its message', () => {
    const refusal = Object.assign(new Error('duplicate key'), { code: '23505' })
    expect(postgresFailure(new DrizzleQueryError('SELECT $1', ['secret'], refusal))).toBe(refusal)
    const outage = driverError(new TypeError('fetch failed'))
    expect(postgresFailure(new DrizzleQueryError('SELECT $1', ['secret'], outage))).toMatchObject({
      cause: outage,
    })
  })
})

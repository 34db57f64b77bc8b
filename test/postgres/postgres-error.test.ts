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
})

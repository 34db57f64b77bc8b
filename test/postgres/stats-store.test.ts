import { describe, expect, test } from 'vitest'
import { accepted } from '../../src/api/routes/stats-request.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { resolveRange } from '../../src/owners/stats-range.ts'
import type { Database } from '../../src/postgres/client.ts'
import { postgresStats } from '../../src/postgres/stats-store.ts'

function failing(code: string): Database {
  const error = new SourceUnavailable('postgres', Object.assign(new Error('canceled'), { code }))
  return { run: () => Promise.reject(error), execute: () => Promise.reject(error) }
}

function count(code: string) {
  const range = resolveRange({}, 'day', Date.now())
  if ('message' in range) throw new Error(range.message)
  const scope = { kind: 'domains', domains: null } as const
  return accepted(postgresStats(failing(code)).count({ scope, range, groupBy: [] }, []))
}

describe('a question that takes Postgres too long', () => {
  test('is refused with what to do, and is no outage', async () => {
    await expect(count('57014')).rejects.toMatchObject({
      ...{ status: 422, code: 'too_many_visits', message: expect.stringContaining('shorter range') },
    })
    await expect(count('57P01')).rejects.toBeInstanceOf(SourceUnavailable)
  })
})

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nextRuns, readCrons, scheduleCrons } from '../../src/local/crons.ts'

const SATURDAY = new Date('2026-11-21T00:00:30Z')
const next = (pattern: string) =>
  nextRuns(pattern, 2, SATURDAY).map((date) => date.toISOString().replace(':00.000Z', ''))

describe('crons', () => {
  test("are the deployed Worker's", () => {
    expect(readCrons(join(import.meta.dirname, '../../wrangler.toml'))).toEqual(['*/5 * * * *'])
  })

  // The examples of https://developers.cloudflare.com/workers/configuration/cron-triggers/
  test.each([
    ['*/5 * * * *', ['2026-11-21T00:05', '2026-11-21T00:10']],
    ['0 17 * * 1', ['2026-11-22T17:00', '2026-11-29T17:00']],
    ['10 7 * * mon-fri', ['2026-11-23T07:10', '2026-11-24T07:10']],
    ['10 7 * * 2-6', ['2026-11-23T07:10', '2026-11-24T07:10']],
    ['0 15 1 * *', ['2026-12-01T15:00', '2027-01-01T15:00']],
    ['0 18 * * 6L', ['2026-11-27T18:00', '2026-12-25T18:00']],
    ['59 23 LW * *', ['2026-11-30T23:59', '2026-12-31T23:59']],
  ])('%s fires when Cloudflare would', (pattern, times) => {
    expect(next(pattern)).toEqual(times)
  })

  test.each(['every minute', '* * * * * *', '61 * * * *', '0 0 * * 0'])(
    '%s is refused by name',
    (pattern) => {
      expect(() => scheduleCrons([pattern], () => undefined)).toThrow(pattern)
    },
  )
})

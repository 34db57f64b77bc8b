import { describe, expect, test } from 'vitest'
import { redisTier } from '../../src/cache/redis-tier.ts'
import type { CachedRegister, Filled, Lease, ReadResult } from '../../src/cache/register.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import type { Link, LinkKey } from '../../src/links/link.ts'
import { key, linkOf } from './open-memory-tier.ts'

const NOW = 1_000_000
const HOUR_MS = 3_600_000
const LEASE: Lease = { token: 'mine', corrupt: '' }
const DOWN = new SourceUnavailable('postgres', new Error('down'))

const register = (version: number, softExpiresAt = NOW + HOUR_MS, value: Link | null = linkOf(version)) =>
  ({ version, value, softExpiresAt, loadMs: 1 }) satisfies CachedRegister<Link>
const hit = (found: CachedRegister<Link>): ReadResult<Link> => ({ kind: 'hit', register: found })

interface Situation {
  /** What the nearest replica has; `undefined` = it is not to be asked. */
  readonly near?: CachedRegister<Link> | null | Error
  /** What each read of Redis finds; the last one goes on. */
  readonly reads: readonly ReadResult<Link>[]
  readonly lease?: Lease | null
  readonly postgres?: Link | null | Error
  readonly filled?: Filled
}

function setup({
  near,
  reads,
  lease = LEASE,
  postgres = linkOf(2),
  filled = { written: 1, newerVersions: [] },
}: Situation) {
  let readCount = 0
  const done: string[] = []
  const lags: number[] = []
  const tier = redisTier<LinkKey, Link>({
    origin: {
      async find() {
        done.push('postgres')
        if (postgres instanceof Error) throw postgres
        return postgres
      },
    },
    registers: {
      async get() {
        done.push('get')
        if (near instanceof Error) throw near
        return near ?? null
      },
      async read() {
        if (near !== undefined) done.push('read')
        const answer = reads[Math.min(readCount++, reads.length - 1)]
        if (answer === undefined) throw new SourceUnavailable('redis', new Error('down'))
        return answer
      },
      takeLeases: async () => [lease],
      async fill([fill]) {
        done.push(`fill ${fill?.register.version}`)
        return filled
      },
    },
    runtime: {
      now: () => NOW,
      random: () => 0.5,
      sleep: async () => {},
      background: (_event, work) => void work.catch(() => done.push('failed')),
    },
    mayBeStale: () => false,
    async bumpAbove(_key, claimed) {
      done.push(`bump above ${claimed}`)
    },
  })
  const find = async (atLeast = 0): Promise<Link | null> => {
    const found = await tier.find(key, { atLeast, mayLag: near !== undefined })
    lags.push(found.lagMs)
    return found.value
  }
  return { find, done, lags }
}

describe('redis tier', () => {
  test('asks Postgres when Redis has an older version than is known to have been', async () => {
    const { find, done } = setup({ reads: [hit(register(1))] })
    expect(await find(1)).toEqual(linkOf(1))
    expect(await find(2)).toEqual(linkOf(2))
    expect(done).toEqual(['postgres'])
  })

  test('and so when it finds that there was no link yet', async () => {
    const { find } = setup({ reads: [hit(register(0, NOW + HOUR_MS, null))] })
    expect(await find(2)).toEqual(linkOf(2))
  })

  test('and so when another reader has loaded the older version', async () => {
    const { find } = setup({ reads: [{ kind: 'loading' }, hit(register(1))] })
    expect(await find(2)).toEqual(linkOf(2))
  })

  test('does not serve the older version when Postgres fails', async () => {
    const { find } = setup({ reads: [hit(register(1))], postgres: DOWN })
    await expect(find(2)).rejects.toThrow('postgres is unavailable')
  })

  test('waits a moment for the reader that refreshes what expired long ago', async () => {
    const expired = hit(register(1, NOW - HOUR_MS))
    const { find, done } = setup({ reads: [expired, expired, hit(register(2))], lease: null })
    expect(await find()).toEqual(linkOf(2))
    expect(done).toEqual([])
  })

  test('but not longer', async () => {
    const { find } = setup({ reads: [hit(register(1, NOW - HOUR_MS))], lease: null })
    expect(await find()).toEqual(linkOf(1))
  })

  test('has Postgres overrule a register that is newer than what Postgres has', async () => {
    const { find, done } = setup({
      reads: [hit(register(9, NOW - HOUR_MS))],
      filled: { written: 0, newerVersions: [9] },
    })
    expect(await find()).toEqual(linkOf(2))
    await Promise.resolve()
    expect(done).toEqual(['postgres', 'fill 2', 'bump above 9'])
  })

  test.each([
    ['an hour', NOW + HOUR_MS, false],
    ['a day, as a clock that is ahead wrote it', NOW + 24 * HOUR_MS, true],
  ])('believes a register that it is good for at most an hour: %s', async (_, softExpiresAt, isRefreshed) => {
    const { find, done } = setup({ reads: [hit(register(1, softExpiresAt))] })
    expect(await find()).toEqual(linkOf(isRefreshed ? 2 : 1))
    expect(done.includes('postgres')).toBe(isRefreshed)
  })
})

describe('redis tier, the nearest replica', () => {
  test('serves from it with one read, as what may be 3 s old', async () => {
    const { find, done, lags } = setup({ near: register(1), reads: [] })
    expect(await find(1)).toEqual(linkOf(1))
    expect(done).toEqual(['get'])
    expect(lags).toEqual([3_000])
  })

  test.each([
    ['has nothing', null],
    ['has an older version than is known to have been', register(1)],
    ['shows what has expired', register(2, NOW - HOUR_MS)],
  ])('turns to the primary when it %s', async (_, near) => {
    const { find, done, lags } = setup({ near, reads: [hit(register(2))] })
    expect(await find(2)).toEqual(linkOf(2))
    expect(done).toEqual(['get', 'read'])
    expect(lags).toEqual([0])
  })

  test('turns to Postgres, not to the primary, when it cannot be asked', async () => {
    const { find, done, lags } = setup({ near: new SourceUnavailable('redis', new Error('down')), reads: [] })
    expect(await find()).toEqual(linkOf(2))
    expect(done).toEqual(['get', 'postgres'])
    expect(lags).toEqual([0])
  })

  test.each([
    ['and refreshes what is about to expire', register(1, NOW), ['get', 'read', 'postgres', 'fill 2']],
    ['but not what the primary has refreshed already', register(2), ['get', 'read']],
    ['nor what another reader is loading', null, ['get', 'read']],
  ])('serves what it has, %s', async (_, onPrimary, expected) => {
    const reads = [onPrimary === null ? ({ kind: 'loading' } as const) : hit(onPrimary)]
    const { find, done } = setup({ near: register(1, NOW), reads })
    expect(await find()).toEqual(linkOf(1))
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect(done).toEqual(expected)
  })
})

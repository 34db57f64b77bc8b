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
  /** What each read of Redis finds; the last one goes on. */
  readonly reads: readonly ReadResult<Link>[]
  readonly lease?: Lease | null
  readonly postgres?: Link | null | Error
  readonly filled?: Filled
}

function setup({
  reads,
  lease = LEASE,
  postgres = linkOf(2),
  filled = { written: 1, newerVersions: [] },
}: Situation) {
  let readCount = 0
  const done: string[] = []
  const tier = redisTier<LinkKey, Link>({
    origin: {
      async find() {
        done.push('postgres')
        if (postgres instanceof Error) throw postgres
        return postgres
      },
    },
    registers: {
      async read() {
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
  return { tier, done }
}

describe('redis tier', () => {
  test('asks Postgres when Redis has an older version than is known to have been', async () => {
    const { tier, done } = setup({ reads: [hit(register(1))] })
    expect(await tier.find(key, 1)).toEqual(linkOf(1))
    expect(await tier.find(key, 2)).toEqual(linkOf(2))
    expect(done).toEqual(['postgres'])
  })

  test('and so when it finds that there was no link yet', async () => {
    const { tier } = setup({ reads: [hit(register(0, NOW + HOUR_MS, null))] })
    expect(await tier.find(key, 2)).toEqual(linkOf(2))
  })

  test('and so when somebody else has loaded the older version', async () => {
    const { tier } = setup({ reads: [{ kind: 'loading' }, hit(register(1))] })
    expect(await tier.find(key, 2)).toEqual(linkOf(2))
  })

  test('does not serve the older version when Postgres fails', async () => {
    const { tier } = setup({ reads: [hit(register(1))], postgres: DOWN })
    await expect(tier.find(key, 2)).rejects.toThrow('postgres is unavailable')
  })

  test('waits a moment for whoever refreshes what expired long ago', async () => {
    const expired = hit(register(1, NOW - HOUR_MS))
    const { tier, done } = setup({ reads: [expired, expired, hit(register(2))], lease: null })
    expect(await tier.find(key)).toEqual(linkOf(2))
    expect(done).toEqual([])
  })

  test('but not longer', async () => {
    const { tier } = setup({ reads: [hit(register(1, NOW - HOUR_MS))], lease: null })
    expect(await tier.find(key)).toEqual(linkOf(1))
  })

  test('has Postgres overrule a register that is newer than what Postgres has', async () => {
    const { tier, done } = setup({
      reads: [hit(register(9, NOW - HOUR_MS))],
      filled: { written: 0, newerVersions: [9] },
    })
    expect(await tier.find(key)).toEqual(linkOf(2))
    await Promise.resolve()
    expect(done).toEqual(['postgres', 'fill 2', 'bump above 9'])
  })

  test.each([
    ['an hour', NOW + HOUR_MS, false],
    ['a day, as a clock that is ahead wrote it', NOW + 24 * HOUR_MS, true],
  ])('believes a register that it is good for at most an hour: %s', async (_, softExpiresAt, isRefreshed) => {
    const { tier, done } = setup({ reads: [hit(register(1, softExpiresAt))] })
    expect(await tier.find(key)).toEqual(linkOf(isRefreshed ? 2 : 1))
    expect(done.includes('postgres')).toBe(isRefreshed)
  })
})

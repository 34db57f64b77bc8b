import { expect, test } from 'vitest'
import { createMissGuard } from '../../src/redirect/miss-guard.ts'

function setUp(limit: number) {
  const world = { now: 0, counts: new Map<string, number>(), work: [] as Promise<unknown>[] }
  const limiter = {
    async limit({ key }: { readonly key: string }) {
      const count = (world.counts.get(key) ?? 0) + 1
      world.counts.set(key, count)
      return { success: count <= limit }
    },
  }
  const runtime = {
    now: () => world.now,
    background: (_: string, work: Promise<unknown>) => void world.work.push(work),
  }
  return { world, guard: createMissGuard({ limiter, runtime }) }
}

test('a client that misses too often is blocked for a minute, and no other', async () => {
  const { world, guard } = setUp(2)
  for (let i = 0; i < 3; i++) guard.count('a')
  guard.count('b')
  await Promise.all(world.work)
  expect([guard.isBlocked('a'), guard.isBlocked('b')]).toEqual([true, false])
  world.now = 59_999
  expect(guard.isBlocked('a')).toBe(true)
  world.now = 60_000
  expect(guard.isBlocked('a')).toBe(false)
})

test('no client is blocked whose address is not known, or without a binding', async () => {
  const { world, guard } = setUp(0)
  guard.count(null)
  const unlimited = createMissGuard({
    limiter: null,
    runtime: { now: () => 0, background: (_, work) => void world.work.push(work) },
  })
  unlimited.count('a')
  await Promise.all(world.work)
  expect([guard.isBlocked(null), unlimited.isBlocked('a'), world.work.length]).toEqual([false, false, 0])
})

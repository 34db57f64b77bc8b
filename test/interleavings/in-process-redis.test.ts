import { expect, test } from 'vitest'
import { KEY_LOCKING } from '../../src/redis/scripts/key-locking.ts'
import { emptyRedis } from './in-process-redis.ts'

test('a Redis that goes back holds what it held then: every type, its expiries, its stream ids', async () => {
  const redis = await emptyRedis()
  await redis.command('SET', 'string', 'old', 'PX', 60_000)
  await redis.command('HSET', 'hash', 'field', '1')
  await redis.command('RPUSH', 'list', 'a', 'b')
  await redis.command('ZADD', 'sorted', 1, 'member')
  await redis.command('XADD', 'stream', '5-1', 'c', 'old')
  const then = redis.snapshot()

  await redis.command('SET', 'string', 'new')
  await redis.command('HINCRBY', 'hash', 'field', 1)
  await redis.command('LPOP', 'list')
  await redis.command('ZADD', 'sorted', 2, 'member')
  await redis.command('XADD', 'stream', '6-1', 'c', 'new')
  await redis.command('SET', 'made later', '1')
  redis.restore(then)

  expect(await redis.command('GET', 'string')).toBe('old')
  expect(await redis.command('PTTL', 'string')).toBeGreaterThan(0)
  expect(await redis.command('HGET', 'hash', 'field')).toBe('1')
  expect(await redis.command('LRANGE', 'list', 0, -1)).toEqual(['a', 'b'])
  expect(await redis.command('ZSCORE', 'sorted', 'member')).toBe(1)
  expect(await redis.command('XRANGE', 'stream', '-', '+')).toEqual([['5-1', ['c', 'old']]])
  expect(await redis.command('XADD', 'stream', '6-1', 'c', 'another')).toBe('6-1')
  expect(await redis.command('EXISTS', 'made later')).toBe(0)
})

test('a script that locks its keys may touch no other', async () => {
  const redis = await emptyRedis()
  const script = `${KEY_LOCKING}\nreturn redis.call('SET', ARGV[1], 'x')`
  expect(await redis.command('EVAL', script, 1, 'a', 'a')).toBe('OK')
  await expect(redis.command('EVAL', script, 1, 'a', 'b')).rejects.toThrow('Key was: b')
})

test('a replica has what was here a while ago', async () => {
  const redis = await emptyRedis()
  await redis.command('SET', 'key', 'old')
  redis.syncReplicas()
  await redis.command('SET', 'key', 'new')
  expect([0, 1_000].map((lagMs) => redis.getFromReplica('key', lagMs))).toEqual(['new', 'old'])
  expect(redis.getFromReplica('other', 0)).toBeNull()
})

import { defineCommand, RedisResult, RedisValue, t } from 'js-redis-server/core'

/** The one everyday command that js-redis-server lacks. */
export const echo = defineCommand({
  name: 'echo',
  schema: t.object({ message: t.bulk() }),
  flags: ['readonly', 'fast'],
  keys: () => [],
  execute: ({ message }) => RedisResult.create(RedisValue.bulkString(Buffer.from(message))),
})

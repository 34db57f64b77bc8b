import type { RedisConnection } from './bench-redis.ts'

/** What Redis has done so far. */
export interface RedisUsage {
  /** `null` = it does not tell. */
  readonly cpuSeconds: number | null
  /** By command, those inside scripts too; empty = it does not tell. */
  readonly commands: ReadonlyMap<string, CommandUsage>
}

export interface CommandUsage {
  readonly calls: number
  readonly microseconds: number
}

export async function redisUsage(redis: RedisConnection): Promise<RedisUsage> {
  const info = async (section: string): Promise<string> =>
    String(await redis.sendCommand(['INFO', section]).catch(() => ''))
  const seconds = [...(await info('cpu')).matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, n]) =>
    Number(n),
  )
  const stats = (await info('commandstats')).matchAll(/^cmdstat_(\w+):calls=(\d+),usec=(\d+)/gm)
  return {
    cpuSeconds: seconds.length === 0 ? null : seconds.reduce((sum, n) => sum + n, 0),
    commands: new Map(
      [...stats].map(([, name = '', calls, usec]) => [
        name,
        { calls: Number(calls), microseconds: Number(usec) },
      ]),
    ),
  }
}

export function usageBetween(before: RedisUsage, after: RedisUsage): RedisUsage {
  const commands = [...after.commands].map(([name, { calls, microseconds }]) => {
    const earlier = before.commands.get(name) ?? { calls: 0, microseconds: 0 }
    return [
      name,
      { calls: calls - earlier.calls, microseconds: microseconds - earlier.microseconds },
    ] as const
  })
  return {
    cpuSeconds:
      before.cpuSeconds === null || after.cpuSeconds === null ? null : after.cpuSeconds - before.cpuSeconds,
    commands: new Map(commands.filter(([, { calls }]) => calls > 0)),
  }
}

/** Scripts of a usage, whichever way they were sent. */
export function scriptUsage({ commands }: RedisUsage): CommandUsage {
  const sent = [commands.get('eval'), commands.get('evalsha')]
  return {
    calls: sent.reduce((sum, usage) => sum + (usage?.calls ?? 0), 0),
    microseconds: sent.reduce((sum, usage) => sum + (usage?.microseconds ?? 0), 0),
  }
}

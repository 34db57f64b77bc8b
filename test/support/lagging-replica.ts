import type { InterceptedCall } from '../../src/local/intercept.ts'
import type { Stores } from './stores.ts'

/** A read-only copy of what a bridge's Redis has, from which plain reads of single keys are answered. */
export interface LaggingReplica {
  /** As of what time it has everything, in milliseconds since the epoch. */
  caughtUpTo: () => number
}

interface Version {
  readonly at: number
  readonly value: string | null
}

/**
 * From now on GET is answered by a replica, until the stores are healed; everything else by the primary. It knows the keys
 * that requests to the bridge name: what a test writes past the bridge is on the replica too, at once.
 */
export function addLaggingReplica({ redis, redisFaults }: Stores): LaggingReplica {
  const history = new Map<string, Version[]>()
  const replica: LaggingReplica = { caughtUpTo: Date.now }

  async function onPrimary(key: string): Promise<string | null> {
    const value = await redis('GET', key).catch(() => null)
    return typeof value === 'string' ? value : null
  }

  async function note(keys: readonly string[], at: number): Promise<void> {
    for (const key of keys) {
      const versions = history.get(key) ?? []
      history.set(key, versions)
      versions.push({ at, value: await onPrimary(key) })
    }
  }

  async function read(key: string): Promise<string | null> {
    const versions = history.get(key) ?? []
    const last = versions.findLastIndex(({ at }) => at <= replica.caughtUpTo())
    // Nothing newer is known than what it has.
    if (last === versions.length - 1) return onPrimary(key)
    return versions[last]?.value ?? null
  }

  redisFaults.inject({
    kind: 'answer',
    async with({ commands: [name], text, execute }: InterceptedCall) {
      const [, ...args]: unknown[] = JSON.parse(text())
      if (name === 'GET') {
        const headers = { 'Content-Type': 'application/json' }
        return { status: 200, headers, body: JSON.stringify({ result: await read(String(args[0])) }) }
      }
      const keys = (name === 'EVAL' ? args.slice(2, 2 + Number(args[1])) : args.slice(0, 1)).map(String)
      await note(
        keys.filter((key) => !history.has(key)),
        0,
      )
      const response = await execute()
      await note(keys, Date.now())
      return response
    },
  })
  return replica
}

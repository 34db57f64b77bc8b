import type { Stores } from './stores.ts'

/** Copies what Redis holds; the result brings it back, as a failover or a restored backup does. */
export async function backUp({ redis, keyPrefix }: Stores): Promise<() => Promise<void>> {
  const copies = `backup-of-${keyPrefix}${crypto.randomUUID()}:`
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys = await redis('KEYS', `${prefix}*`)
    return Array.isArray(keys) ? keys.map(String) : []
  }
  for (const key of await keysUnder(keyPrefix)) await redis('COPY', key, `${copies}${key}`)
  return async () => {
    for (const key of await keysUnder(keyPrefix)) await redis('DEL', key)
    for (const copy of await keysUnder(copies)) await redis('RENAME', copy, copy.slice(copies.length))
  }
}

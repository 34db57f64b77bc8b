import { cachedFor } from '../cache/freshness.ts'
import type { Fill, RegisterStore } from '../registers/register-store.ts'
import type { StoredLinks } from './stored-links.ts'

export interface WarmUpOptions {
  readonly links: StoredLinks
  readonly registers: Pick<RegisterStore, 'takeLeases' | 'fill'>
  readonly now: () => number
  readonly random: () => number
}

export interface WarmUpReport {
  /** Links looked at: fewer than asked for = there are no more. */
  readonly links: number
  /** Registers written; the rest were being loaded or edited by somebody else. */
  readonly warmed: number
}

const CHUNK = 100

/** Loads links into Redis, the most-hit ones first, under leases like any other load. */
export async function warmUp(options: WarmUpOptions, count: number, offset: number): Promise<WarmUpReport> {
  const { links, registers, now, random } = options
  const keys = await links.mostHit(count, offset)
  let warmed = 0
  for (let start = 0; start < keys.length; start += CHUNK) {
    const chunk = keys.slice(start, start + CHUNK)
    const leases = await registers.takeLeases(chunk)
    const startedAt = now()
    const found = await links.findMany(chunk)
    const loadMs = now() - startedAt
    const fills = chunk.flatMap((key, i): Fill[] => {
      const link = found[i] ?? null
      const lease = leases[i]
      if (!lease) return []
      return [
        { key, register: cachedFor({ version: link?.version ?? 0, link }, loadMs, now(), random), lease },
      ]
    })
    if (fills.length > 0) warmed += (await registers.fill(fills)).written
  }
  return { links: keys.length, warmed }
}

import { withExpiry } from '../cache/freshness.ts'
import type { LinkKey } from '../links/link.ts'
import { linkCodec } from '../registers/link-codec.ts'
import type { Outbox } from '../registers/outbox.ts'
import type { RegisterStore } from '../registers/register-store.ts'

/** Throws `SourceUnavailable`. */
export interface MostHitLinks {
  /** The keys of the links with the most hits, from the `offset`th on. */
  mostHit(limit: number, offset: number): Promise<readonly LinkKey[]>
}

export interface WarmUpOptions {
  readonly links: MostHitLinks
  readonly outbox: Pick<Outbox, 'current'>
  readonly registers: Pick<RegisterStore, 'takeLeases' | 'of'>
  readonly now: () => number
  readonly random: () => number
}

export interface WarmUpReport {
  /** Links looked at: fewer than asked for = there are no more. */
  readonly links: number
  /** Registers written; the rest were being loaded or edited meanwhile. */
  readonly warmed: number
}

const CHUNK = 100

/** Loads links into Redis, the most-hit ones first, under leases like any other load. */
export async function warmUp(options: WarmUpOptions, count: number, offset: number): Promise<WarmUpReport> {
  const { links, outbox, registers, now, random } = options
  const keys = await links.mostHit(count, offset)
  let warmed = 0
  for (let start = 0; start < keys.length; start += CHUNK) {
    const chunk = keys.slice(start, start + CHUNK)
    const leases = await registers.takeLeases(chunk)
    const startedAt = now()
    const found = await outbox.current(chunk)
    const loadMs = now() - startedAt
    const fills = found.flatMap((current, i) => {
      const lease = leases[i]
      if (!lease || !('code' in current)) return []
      const { domain, code, version, link } = current
      const register = withExpiry({ version, value: link }, loadMs, now(), random)
      return [{ key: { domain, code }, register, lease }]
    })
    if (fills.length > 0) warmed += (await registers.of(linkCodec).fill(fills)).written
  }
  return { links: keys.length, warmed }
}

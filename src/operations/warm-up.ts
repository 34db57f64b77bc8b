import { withExpiry } from '../cache/freshness.ts'
import type { LinkKey } from '../links/link.ts'
import { linkCodec } from '../registers/link-codec.ts'
import type { Outbox } from '../registers/outbox.ts'
import type { RegisterStore } from '../registers/register-store.ts'
import { isCutShort } from '../subrequest-limit.ts'
import type { Budget } from '../subrequests.ts'

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
  readonly budget: Budget
}

export interface WarmUpReport {
  /** Links looked at: fewer than asked for = there are no more, if it is complete. */
  readonly links: number
  /** Registers written; the rest were being loaded or edited meanwhile. */
  readonly warmed: number
  /** `false` = the invocation may send no more requests: another one goes on behind those looked at. */
  readonly complete: boolean
}

const CHUNK = 100
/** To lease, load and fill a chunk. */
const REQUESTS_PER_CHUNK = 3

/** Loads links into Redis, the most-hit ones first, under leases like any other load. */
export async function warmUp(options: WarmUpOptions, count: number, offset: number): Promise<WarmUpReport> {
  const { budget } = options
  const keys = await options.links.mostHit(count, offset)
  let [links, warmed] = [0, 0]
  try {
    while (links < keys.length && budget.left() >= REQUESTS_PER_CHUNK) {
      const chunk = keys.slice(links, links + CHUNK)
      warmed += await warmChunk(options, chunk)
      links += chunk.length
    }
  } catch (error) {
    if (!isCutShort(error)) throw error
  }
  return { links, warmed, complete: links === keys.length }
}

async function warmChunk(
  { outbox, registers, now, random }: WarmUpOptions,
  chunk: readonly LinkKey[],
): Promise<number> {
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
  return fills.length === 0 ? 0 : (await registers.of(linkCodec).fill(fills)).written
}

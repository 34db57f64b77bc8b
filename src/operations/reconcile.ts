import type { FlushReport } from '../hits/flush.ts'
import { keyFromName, type LinkKey } from '../links/link.ts'
import { log } from '../log.ts'
import type { PostgresLinks } from '../postgres/links.ts'
import type { RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import type { Outbox } from '../registers/outbox.ts'
import type { Publisher } from '../registers/publisher.ts'
import { decodeRegister, encodeRegister, type Register } from '../registers/register.ts'
import type { Edit, RegisterStore } from '../registers/register-store.ts'

export interface ReconcileOptions {
  readonly redis: RedisClient
  readonly keys: Keys
  readonly registers: Pick<RegisterStore, 'peek'>
  readonly links: Pick<PostgresLinks, 'findMany'>
  readonly outbox: Pick<Outbox, 'overrule'>
  readonly publisher: Pick<Publisher, 'publish' | 'drain'>
  readonly flush: () => Promise<FlushReport>
  /** Forgets what Postgres keeps for a time only. Rides along, because Postgres is awake anyway. */
  readonly prune: () => Promise<unknown>
  readonly now: () => number
}

export interface ReconcileReport {
  /** Edits that the outbox still held. */
  readonly drained: number
  /** Registers compared with Postgres in this invocation. */
  readonly checked: number
  /** Registers that differed and were written anew. */
  readonly repaired: number
  /** Segments of hits that Postgres had and Redis still held. */
  readonly released: number
  /** Whether the end has been reached; otherwise the next run of this kind goes on where this one ended. */
  readonly complete: boolean
}

const SCAN_COUNT = 200
/** What an hourly run looks at. */
const SAMPLE_SCANS = 5
/** What a full run may take of one invocation. The next one goes on there. */
const FULL_RUN_MS = 20_000
/** Unless it comes too late: then it begins anew, so that one which is complete says something about today. */
const FULL_RUN_KEPT_S = 10 * 60

/**
 * Measures consistency instead of hoping for it: compares registers in Redis with Postgres and repairs what differs.
 * A run looks at a sample that rotates through all registers, or, within as many invocations as it takes, at all of them.
 */
export async function reconcile(options: ReconcileOptions, full: boolean): Promise<ReconcileReport> {
  const { redis, keys, now } = options
  const startedAt = now()
  const drained = await options.publisher.drain()
  const { claimed, segments } = await options.flush()
  const released = claimed - segments
  await options.prune()
  const cursorKey = full ? keys.fullReconcileCursor : keys.reconcileCursor
  let cursor = String((await redis.command('GET', cursorKey)) ?? '0')
  let [checked, repaired] = [0, 0]
  for (let scans = 0; ; scans++) {
    const reply = await redis.command('SCAN', cursor, 'MATCH', `${keys.linkPrefix}*`, 'COUNT', SCAN_COUNT)
    const [next, names] = Array.isArray(reply) ? reply : ['0', []]
    cursor = String(next)
    const found = (Array.isArray(names) ? names : []).map((name) => {
      return keyFromName(String(name).slice(keys.linkPrefix.length))
    })
    checked += found.length
    repaired += await repair(options, found)
    if (cursor === '0' || (full ? now() - startedAt > FULL_RUN_MS : scans + 1 >= SAMPLE_SCANS)) break
  }
  await redis.command('SET', cursorKey, cursor, ...(full ? ['EX', FULL_RUN_KEPT_S] : []))
  const report = { drained, checked, repaired, released, complete: cursor === '0' }
  if (repaired + released > 0) log.warn('reconcile.repaired', report)
  else log.info('reconcile.clean', report)
  return report
}

/** Registers first: whatever they show, Postgres had committed before. */
async function repair(
  { registers, links, outbox, publisher }: ReconcileOptions,
  keys: LinkKey[],
): Promise<number> {
  if (keys.length === 0) return 0
  const texts = await registers.peek(keys)
  const truths = await links.findMany(keys)
  const edits: Edit[] = []
  for (const [i, key] of keys.entries()) {
    const text = texts[i] ?? null
    const link = truths[i] ?? null
    const register = text === null ? null : decodeRegister(text)
    if (text === null || agree(register, link?.version ?? 0, link)) continue
    // Without a link there is no version to publish; overruling draws one.
    if (link !== null) edits.push({ key, register: { version: link.version, link } })
    else
      edits.push(
        (await outbox.overrule(key, register?.version ?? 0)) ?? { key, register: { version: 0, link: null } },
      )
  }
  if (edits.length > 0) await publisher.publish(edits)
  return edits.length
}

function agree(register: Register | null, version: number, link: Register['link']): boolean {
  if (register === null) return false
  if (register.link === null) return link === null
  return canonical(register) === canonical({ version, link })
}

const canonical = (register: Register): string => encodeRegister({ ...register, softExpiresAt: 0, loadMs: 0 })

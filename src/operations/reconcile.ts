import type { Register } from '../cache/register.ts'
import type { FlushReport } from '../hits/flush.ts'
import type { RegisterKey } from '../links/register-key.ts'
import { log } from '../log.ts'
import { markingBehind } from '../owners/published-writes.ts'
import { listOf, type RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { type Codec, decodeRegister } from '../registers/codec.ts'
import { type Edit, withRegister } from '../registers/edit.ts'
import type { Outbox } from '../registers/outbox.ts'
import type { Publisher } from '../registers/publisher.ts'
import type { RegisterStore } from '../registers/register-store.ts'
import { isCutShort } from '../subrequest-limit.ts'
import type { Budget } from '../subrequests.ts'

export interface ReconcileOptions {
  readonly redis: RedisClient
  readonly keys: Keys
  readonly registers: Pick<RegisterStore, 'peek'>
  readonly outbox: Pick<Outbox, 'current' | 'bumpAbove'>
  readonly publisher: Pick<Publisher, 'publish' | 'drain' | 'markBehind'>
  readonly flush: (leave: number) => Promise<FlushReport>
  /**
   * Forgets what Postgres keeps for a time only. Rides along, because Postgres is awake anyway.
   * @param leave how many of the invocation's subrequests are to be left to others.
   */
  readonly prune: (leave: number) => Promise<unknown>
  readonly now: () => number
  readonly budget: Budget
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
/** Requests: to scan, read both stores, publish and settle, and remember where it stopped. */
const SCAN_REQUESTS = 6
/** To raise a version, and then to publish and settle it with the others, and to remember where it stopped. */
const BUMP_REQUESTS = 4

/**
 * Measures consistency instead of hoping for it: compares registers in Redis with Postgres and repairs what differs.
 * A run looks at a sample that rotates through all registers, or, within as many invocations as it takes, at all of them.
 */
export async function reconcile(options: ReconcileOptions, full: boolean): Promise<ReconcileReport> {
  const { redis, keys, now, budget } = options
  const startedAt = now()
  const cursorKey = full ? keys.fullReconcileCursor : keys.reconcileCursor
  const keep = (cursor: string) =>
    redis.command('SET', cursorKey, cursor, ...(full ? ['EX', FULL_RUN_KEPT_S] : []))
  let prepared = { drained: 0, released: 0 }
  let isAtEnd = false
  let [checked, repaired] = [0, 0]
  try {
    const kept = await redis.command('GET', cursorKey)
    // Where a full run goes on, it has done this already.
    let cursor = String(kept ?? '0')
    if (!full || kept === null) prepared = await prepare(options)
    if (full && kept === null) await keep(cursor)
    for (let scans = 0; budget.left() >= SCAN_REQUESTS; scans++) {
      const reply = await redis.command('SCAN', cursor, 'MATCH', keys.registerPattern, 'COUNT', SCAN_COUNT)
      const [next = '0', names] = listOf(reply)
      const found = listOf(names).flatMap((name) => keys.registerKey(String(name)) ?? [])
      const repair = await repairAll(options, found)
      repaired += repair.repaired
      // Those that are repaired already will not differ the next time.
      if (!repair.complete) break
      cursor = String(next)
      isAtEnd = cursor === '0'
      // After each scan, so that a run that is cut short loses no more than one.
      await (full && isAtEnd ? redis.command('DEL', cursorKey) : keep(cursor))
      checked += found.length
      if (isAtEnd || (full ? now() - startedAt > FULL_RUN_MS : scans + 1 >= SAMPLE_SCANS)) break
    }
  } catch (error) {
    if (!isCutShort(error)) throw error
    isAtEnd = false
  }
  const report = { ...prepared, checked, repaired, complete: isAtEnd }
  if (repaired + prepared.released > 0) log.warn('reconcile.repaired', report)
  else log.info('reconcile.clean', report)
  return report
}

/** Leaves two thirds of the subrequests to what follows the outbox, and then half of the rest, each time, to what follows. */
async function prepare({ publisher, flush, prune, budget }: ReconcileOptions) {
  const { drained } = await publisher.drain(Math.floor((2 * budget.left()) / 3))
  const { claimed, segments } = await flush(Math.floor(budget.left() / 2))
  if (budget.left() > SCAN_REQUESTS) await prune(Math.floor(budget.left() / 2))
  return { drained, released: claimed - segments }
}

/** Registers first: whatever they show, Postgres had committed before. */
async function repairAll(
  { registers, outbox, publisher, budget }: ReconcileOptions,
  keys: readonly RegisterKey[],
): Promise<{ readonly repaired: number; readonly complete: boolean }> {
  if (keys.length === 0) return { repaired: 0, complete: true }
  const texts = await registers.peek(keys)
  const truths = await outbox.current(keys)
  const edits: Edit[] = []
  let complete = true
  for (const [i, truth] of truths.entries()) {
    const text = texts[i] ?? null
    if (text === null) continue
    const edit = await withRegister(truth, async (register, codec) => {
      const found = decodeRegister(text, codec)
      if (found !== null && agree(found, register, codec)) return null
      // Where there is nothing, there is no version to publish; this draws one.
      if (register.value !== null) return truth
      if (budget.left() < BUMP_REQUESTS) {
        complete = false
        return null
      }
      const claimed = found?.version ?? 0
      const bumped = await markingBehind(publisher, () => outbox.bumpAbove(truth, claimed))
      return bumped ?? truth
    })
    if (edit !== null) edits.push(edit)
  }
  if (edits.length > 0) await publisher.publish(edits)
  return { repaired: edits.length, complete }
}

function agree<Value>(found: Register<Value>, truth: Register<Value>, codec: Codec<Value>): boolean {
  if (found.value === null || truth.value === null) return found.value === truth.value
  const [held, wanted] = [found.value, truth.value].map((value) => JSON.stringify(codec.encode(value)))
  return found.version === truth.version && held === wanted
}

import type { Lease } from '../cache/register.ts'
import { SourceUnavailable } from '../errors.ts'
import type { RegisterKey } from '../links/register-key.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { cutShort } from '../subrequest-limit.ts'
import { type Budget, countedWork, leaving } from '../subrequests.ts'
import { type DrainReport, drainOutbox } from './drain-outbox.ts'
import type { Edit } from './edit.ts'
import type { Outbox } from './outbox.ts'
import type { RegisterStore } from './register-store.ts'

export interface PublisherOptions {
  /** For edits that an owner waits for. */
  readonly registers: Pick<RegisterStore, 'publish' | 'takeLeases'>
  readonly backgroundRegisters: Pick<RegisterStore, 'publish' | 'loggedIds'>
  readonly outbox: () => Promise<Outbox>
  readonly runtime: Pick<Runtime, 'sleep' | 'background' | 'now'>
  readonly budget: Budget
  /** Forgets a key in this isolate's memory, which need not read its own edits in the change log. */
  readonly forget: (key: RegisterKey, version: number) => void
  /** Hears of the entry that the change log has got about edits. */
  readonly onPublished: (logId: string) => void
}

/** Brings edits that Postgres has to Redis and to every isolate. */
export interface Publisher {
  /**
   * To be taken before a link is created, so that it can be published into Redis at once. `null` = it is being loaded,
   * or Redis fails: then the first visitor brings it there.
   */
  lease(key: RegisterKey): Promise<Lease | null>
  /**
   * Publishes edits whose outbox rows are written. Never throws: if Redis fails, this isolate goes on draining the outbox
   * in the background, and then that is left to the cron.
   */
  publish(edits: readonly Edit[]): Promise<void>
  /**
   * Publishes everything in the outbox, and what Redis has lost of it since. Throws `SourceUnavailable`.
   * @param leave how many of the invocation's subrequests are to be left to others; default: none.
   */
  drain(leave?: number): Promise<DrainReport>
  /** A register claims a version that Postgres may not have: if so, what Postgres has is published with a greater one. */
  bumpAbove(key: RegisterKey, claimed: number): Promise<void>
  /** Whether Redis failed an edit of this isolate and the outbox has not been emptied since. */
  readonly isBehind: () => boolean
  /** A store has been out of reach, or Redis has gone back: it drains in the background as soon as it can. */
  markBehind(): void
  /** Drains in the background, once in a while, as long as it is behind. */
  catchUp(): void
}

const RETRY_EVERY_MS = 500
/** The platform ends background work 30 s after the response. */
const RETRY_FOR_MS = 25_000
/** So that no failure of Redis is left to a recovery that is about to end. */
const RECOVERY_EVERY_MS = 5_000
/** Requests: to raise a version, publish and settle it. */
const BUMP_REQUESTS = 3
/** From this many edits on a request may take longer than a visitor may wait; its sender waits anyway. */
const BULK = 50

export function createPublisher(options: PublisherOptions): Publisher {
  const { registers, backgroundRegisters, outbox, runtime, budget, forget, onPublished } = options
  /** How often Redis was found to lack edits, and up to which of those times the outbox has been emptied since. */
  let outages = 0
  let cleared = 0
  let lastCatchUpAt = Number.NEGATIVE_INFINITY
  let recoveringSince = Number.NEGATIVE_INFINITY

  /** Resolves to the id of the change log's entry about these edits. */
  async function publishOrThrow(
    edits: readonly Edit[],
    via: Pick<RegisterStore, 'publish'> = backgroundRegisters,
  ): Promise<string> {
    const { logId, newer } = await via.publish(edits)
    onPublished(logId)
    for (const { key, newerVersion } of newer) await bumpAbove(await outbox(), key, newerVersion)
    return logId
  }

  /**
   * A register that claims to be newer usually belongs to a later edit. If not, it must go: it would keep what Postgres
   * does not have.
   */
  async function bumpAbove(store: Outbox, key: RegisterKey, claimed: number): Promise<void> {
    // It stays in the outbox.
    if (budget.left() < BUMP_REQUESTS) throw cutShort('postgres')
    const bumped = await store.bumpAbove(key, claimed)
    if (bumped === null) return
    log.warn('cache.register_bumped', { ...key, claimed, version: bumped.version })
    await settle(store, [bumped], await publishOrThrow([bumped]))
  }

  /** Takes published edits out of the outbox. */
  async function settle(store: Outbox, edits: readonly Edit[], logId: string): Promise<void> {
    for (const { key, version } of await store.settle(edits, logId)) await bumpAbove(store, key, version)
  }

  const isBehind = (): boolean => outages > cleared

  async function drain(leave = 0): Promise<DrainReport> {
    const upTo = outages
    const report = await drainOutbox({
      outbox: await outbox(),
      loggedIds: backgroundRegisters.loggedIds,
      now: runtime.now,
      budget: leaving(leave, budget),
      async publish(store, edits) {
        for (const edit of edits) forget(edit, edit.version)
        await settle(store, edits, await publishOrThrow(edits))
      },
    })
    if (report.complete) cleared = Math.max(cleared, upTo)
    return report
  }

  /** Not if that time is to come: the clock has been put back. */
  const isWithin = (ms: number, since: number): boolean => {
    const elapsed = runtime.now() - since
    return elapsed >= 0 && elapsed < ms
  }

  /** No further request may arrive, so recovery must drive itself. */
  async function recover(pauseMs: number): Promise<void> {
    const since = runtime.now()
    if (pauseMs > 0) await runtime.sleep(pauseMs)
    while (isBehind() && runtime.now() - since < RETRY_FOR_MS) {
      try {
        // What it may not send any more, this invocation's next tries may not either.
        if (!(await drain()).complete) break
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        await runtime.sleep(RETRY_EVERY_MS)
      }
    }
    if (isBehind()) log.error('outbox.left_to_cron')
    else recoveringSince = Number.NEGATIVE_INFINITY
  }

  /** No request waits for the bookkeeping, but Redis may lack what came out of it. */
  async function settleInBackground(edits: readonly Edit[], logId: string): Promise<void> {
    try {
      await settle(await outbox(), edits, logId)
    } catch (error) {
      if (error instanceof SourceUnavailable && error.store === 'redis') markBehind(RETRY_EVERY_MS)
      throw error
    }
  }

  /** @param pauseMs for a Redis that has failed just now. */
  function markBehind(pauseMs = 0): void {
    outages++
    if (isWithin(RECOVERY_EVERY_MS, recoveringSince)) return
    recoveringSince = runtime.now()
    runtime.background(
      'outbox.recover_failed',
      countedWork(() => recover(pauseMs)),
    )
  }

  return {
    async lease(key) {
      try {
        return (await registers.takeLeases([key]))[0] ?? null
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return null
      }
    },
    isBehind,
    markBehind: () => markBehind(),
    catchUp() {
      if (!isBehind() || isWithin(RETRY_EVERY_MS, lastCatchUpAt)) return
      lastCatchUpAt = runtime.now()
      runtime.background(
        'outbox.drain_failed',
        countedWork(() => drain()),
      )
    },

    async publish(edits) {
      for (const edit of edits) forget(edit, edit.version)
      try {
        const logId = await publishOrThrow(edits, edits.length > BULK ? backgroundRegisters : registers)
        runtime.background('outbox.settle_failed', settleInBackground(edits, logId))
      } catch (error) {
        log.error('cache.publish_failed', { edits: edits.length, error: describeError(error) })
        markBehind(RETRY_EVERY_MS)
      }
    },

    drain,
    bumpAbove: async (key, claimed) => bumpAbove(await outbox(), key, claimed),
  }
}

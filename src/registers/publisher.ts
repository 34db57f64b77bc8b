import { SourceUnavailable } from '../errors.ts'
import type { LinkKey } from '../links/link.ts'
import { describeError, log } from '../log.ts'
import type { Runtime } from '../runtime.ts'
import { type Outbox, SETTLED_FOR_MS } from './outbox.ts'
import type { Edit, Lease, RegisterStore } from './register-store.ts'

export interface PublisherOptions {
  /** For what somebody waits for. */
  readonly registers: Pick<RegisterStore, 'publish' | 'takeLeases'>
  readonly backgroundRegisters: Pick<RegisterStore, 'publish' | 'loggedIds'>
  readonly outbox: () => Promise<Outbox>
  readonly runtime: Pick<Runtime, 'sleep' | 'background' | 'now'>
  /** Forgets a link in this isolate's memory, which need not read its own edits in the change log. */
  readonly forget: (key: LinkKey, version: number) => void
  /** Hears of the entry that the change log has got about edits. */
  readonly onPublished: (logId: string) => void
}

/** Brings edits that Postgres has to Redis and to every isolate. */
export interface Publisher {
  /**
   * To be taken before a link is created, so that it can be published into Redis at once. `null` = it is being loaded,
   * or Redis fails: then the first visitor brings it there.
   */
  lease(key: LinkKey): Promise<Lease | null>
  /**
   * Publishes edits whose outbox rows are written. Never throws: if Redis fails, this isolate goes on draining the outbox
   * in the background, and then that is left to the cron.
   */
  publish(edits: readonly Edit[]): Promise<void>
  /**
   * Publishes whatever is in the outbox, and what Redis has lost of it since; resolves to how many edits that were.
   * Throws `SourceUnavailable`.
   */
  drain(): Promise<number>
  /** A register claims a version that Postgres does not have: if that is true, Postgres overrules it. */
  overrule(key: LinkKey, claimed: number): Promise<void>
  /** Whether Redis failed an edit of this isolate and the outbox has not been emptied since. */
  readonly isBehind: () => boolean
  /** Tells it that a store has been out of reach, or Redis has gone back: it drains in the background as soon as it can. */
  suspect(): void
  /** Drains in the background, once in a while, as long as it is behind. */
  catchUp(): void
}

const RETRY_EVERY_MS = 500
/** The platform ends background work 30 s after the response. */
const RETRY_FOR_MS = 25_000
/** So nobody who finds Redis wanting relies on a recovery that is about to end. */
const RECOVERY_EVERY_MS = 5_000
const DRAIN_CHUNK = 200
/** Bulky requests, and who makes them waits anyway: from far away they take longer than a visitor may wait. */
const BULK = 50

/** More than isolates' clocks differ from that of Redis. */
const CLOCK_MARGIN_MS = 10 * 60 * 1000

export function createPublisher(options: PublisherOptions): Publisher {
  const { registers, backgroundRegisters, outbox, runtime, forget, onPublished } = options
  /** How often Redis has been found wanting, and up to which of those times the outbox has been emptied since. */
  let suspicions = 0
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
    for (const { key, newerVersion } of newer) await overrule(await outbox(), key, newerVersion)
    return logId
  }

  /**
   * A register that claims to be newer usually belongs to a later edit. If not, Postgres overrules it, since it would
   * keep what nobody has.
   */
  async function overrule(store: Outbox, key: LinkKey, claimed: number): Promise<void> {
    const overruling = await store.overrule(key, claimed)
    if (overruling === null) return
    log.warn('cache.register_overruled', { ...key, claimed, version: overruling.register.version })
    await settle(store, [overruling], await publishOrThrow([overruling]))
  }

  /** Takes published edits out of the outbox. */
  async function settle(store: Outbox, edits: readonly Edit[], logId: string): Promise<void> {
    for (const { key, version } of await store.settle(edits, logId)) await overrule(store, key, version)
  }

  /** Redis may have come back as it was before, even if this isolate has not noticed. */
  async function reopenLost(store: Outbox): Promise<void> {
    for (;;) {
      const logged = await backgroundRegisters.loggedIds(runtime.now() - SETTLED_FOR_MS - CLOCK_MARGIN_MS)
      const edits = await store.reopen(logged)
      if (edits === 0) return
      log.warn('outbox.reopened', { edits })
    }
  }

  const isBehind = (): boolean => suspicions > cleared

  async function drain(): Promise<number> {
    const upTo = suspicions
    const store = await outbox()
    await reopenLost(store)
    let drained = 0
    for (;;) {
      const edits = await store.pending(DRAIN_CHUNK)
      if (edits.length > 0) {
        for (const { key, register } of edits) forget(key, register.version)
        await settle(store, edits, await publishOrThrow(edits))
        drained += edits.length
      }
      if (edits.length < DRAIN_CHUNK) break
    }
    cleared = Math.max(cleared, upTo)
    if (drained > 0) log.info('outbox.drained', { edits: drained })
    return drained
  }

  /** Not if that time is to come: the clock has been put back. */
  const isWithin = (ms: number, since: number): boolean => {
    const elapsed = runtime.now() - since
    return elapsed >= 0 && elapsed < ms
  }

  /** Whoever made the outage known may be the last to come by here, so this does not wait for anybody. */
  async function recover(pauseMs: number): Promise<void> {
    const since = runtime.now()
    if (pauseMs > 0) await runtime.sleep(pauseMs)
    while (isBehind() && runtime.now() - since < RETRY_FOR_MS) {
      try {
        await drain()
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        await runtime.sleep(RETRY_EVERY_MS)
      }
    }
    if (isBehind()) log.error('outbox.left_to_cron')
    else recoveringSince = Number.NEGATIVE_INFINITY
  }

  /** Nobody waits for the bookkeeping, but Redis may lack what came out of it. */
  async function settleInBackground(edits: readonly Edit[], logId: string): Promise<void> {
    try {
      await settle(await outbox(), edits, logId)
    } catch (error) {
      if (error instanceof SourceUnavailable && error.store === 'redis') suspect(RETRY_EVERY_MS)
      throw error
    }
  }

  /** @param pauseMs for a Redis that has failed just now. */
  function suspect(pauseMs = 0): void {
    suspicions++
    if (isWithin(RECOVERY_EVERY_MS, recoveringSince)) return
    recoveringSince = runtime.now()
    runtime.background('outbox.recover_failed', recover(pauseMs))
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
    suspect: () => suspect(),
    catchUp() {
      if (!isBehind() || isWithin(RETRY_EVERY_MS, lastCatchUpAt)) return
      lastCatchUpAt = runtime.now()
      runtime.background('outbox.drain_failed', drain())
    },

    async publish(edits) {
      for (const { key, register } of edits) forget(key, register.version)
      try {
        const logId = await publishOrThrow(edits, edits.length > BULK ? backgroundRegisters : registers)
        runtime.background('outbox.settle_failed', settleInBackground(edits, logId))
      } catch (error) {
        log.error('cache.publish_failed', { edits: edits.length, error: describeError(error) })
        suspect(RETRY_EVERY_MS)
      }
    },

    drain,
    overrule: async (key, claimed) => overrule(await outbox(), key, claimed),
  }
}

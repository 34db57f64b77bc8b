import { log } from '../log.ts'
import { isCutShort } from '../subrequest-limit.ts'
import type { Budget } from '../subrequests.ts'
import type { Edit } from './edit.ts'
import { type Outbox, SETTLED_FOR_MS } from './outbox.ts'
import type { RegisterStore } from './register-store.ts'

export interface DrainOptions {
  readonly outbox: Outbox
  readonly loggedIds: RegisterStore['loggedIds']
  readonly now: () => number
  readonly budget: Budget
  /** Publishes edits and takes them out of the outbox. */
  readonly publish: (outbox: Outbox, edits: readonly Edit[]) => Promise<void>
}

export interface DrainReport {
  readonly drained: number
  /** `false` = the invocation may send no more requests: another drain goes on there. */
  readonly complete: boolean
}

const CHUNK = 200
/** Requests: to ask what Redis has lost; to read, publish and settle a chunk. */
const REOPEN_REQUESTS = 2
const CHUNK_REQUESTS = 3
/** More than isolates' clocks differ from that of Redis. */
const CLOCK_MARGIN_MS = 10 * 60 * 1000

/** See `Publisher.drain`. */
export async function drainOutbox(options: DrainOptions): Promise<DrainReport> {
  const { outbox, budget, publish } = options
  let drained = 0
  let complete = false
  try {
    const isReopened = await reopenLost(options)
    while (budget.left() >= CHUNK_REQUESTS) {
      const edits = await outbox.pending(CHUNK)
      if (edits.length > 0) await publish(outbox, edits)
      drained += edits.length
      if (edits.length === CHUNK) continue
      complete = isReopened
      break
    }
  } catch (error) {
    if (!isCutShort(error)) throw error
  }
  if (drained > 0) log.info('outbox.drained', { edits: drained, complete })
  return { drained, complete }
}

/**
 * Redis may have come back as it was before, even if this isolate has not noticed. Resolves to whether everything is in
 * the outbox again.
 */
async function reopenLost({ outbox, loggedIds, now, budget }: DrainOptions): Promise<boolean> {
  while (budget.left() >= REOPEN_REQUESTS + CHUNK_REQUESTS) {
    const logged = await loggedIds(now() - SETTLED_FOR_MS - CLOCK_MARGIN_MS)
    const edits = await outbox.reopen(logged)
    if (edits === 0) return true
    log.warn('outbox.reopened', { edits })
  }
  return false
}

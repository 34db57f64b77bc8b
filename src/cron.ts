import { log } from './log.ts'
import type { Services } from './services.ts'
import { isCutShort } from './subrequest-limit.ts'

/** Requests of a reconciliation that gets anywhere, after it has emptied the outbox. */
const RECONCILE_REQUESTS = 15

/**
 * What the cron trigger does. Only hits that wait (Postgres is awake then, even if it has them already), or edits that
 * Redis is known to lack, make it wake Postgres; what else wants doing there (the outbox, the hourly reconciliation)
 * rides along. Without hits no link is being followed, so no visitor could see a difference.
 *
 * Of the invocation's subrequests hits get one half and what rides along the other, so that neither starves; what that
 * leaves over goes to hits again.
 */
export async function runCron(services: CronServices): Promise<void> {
  try {
    await flushAndDrain(services)
  } catch (error) {
    // Everything that is left is where the next cron finds it.
    if (!isCutShort(error)) throw error
    log.warn('cron.cut_short')
  }
}

type CronServices = Pick<Services, 'flush' | 'publisher' | 'claimReconciliation' | 'reconcile' | 'budget'>

async function flushAndDrain({
  flush,
  publisher,
  claimReconciliation,
  reconcile,
  budget,
}: CronServices): Promise<void> {
  const { claimed, hasMore } = await flush(Math.floor(budget.left() / 2)).catch(async (error: unknown) => {
    // Hits can wait for the next cron; edits should not wait for hits.
    if (publisher.isBehind()) await publisher.drain()
    throw error
  })
  const canReconcile = budget.left() >= RECONCILE_REQUESTS
  if (claimed > 0 && canReconcile && (await claimReconciliation())) await reconcile(false)
  else if (claimed > 0 || publisher.isBehind()) await publisher.drain()
  if (hasMore) await flush()
}

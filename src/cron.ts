import type { Services } from './services.ts'

/**
 * What the cron trigger does. Only hits that wait (Postgres is awake then, even if it has them already), or edits that
 * Redis is known to lack, make it wake Postgres; what else wants doing there (the outbox, the hourly reconciliation)
 * rides along. Without hits no link is being followed, so no visitor could see a difference.
 */
export async function runCron({
  flush,
  publisher,
  claimReconciliation,
  reconcile,
}: Pick<Services, 'flush' | 'publisher' | 'claimReconciliation' | 'reconcile'>): Promise<void> {
  const { claimed } = await flush().catch(async (error: unknown) => {
    // Hits can wait for the next cron; edits should not wait for hits.
    if (publisher.isBehind()) await publisher.drain()
    throw error
  })
  if (claimed > 0 && (await claimReconciliation())) await reconcile(false)
  else if (claimed > 0 || publisher.isBehind()) await publisher.drain()
}

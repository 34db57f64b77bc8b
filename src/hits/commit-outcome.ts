import { SourceUnavailable } from '../errors.ts'
import { isSubrequestLimit } from '../subrequest-limit.ts'

/** What is known of a batch that was sent; `'spent'` = never sent, and this invocation may send no more requests. */
export type CommitOutcome = 'done' | 'never sent' | 'spent' | 'may have arrived'

/** @param error that the sending ended in. */
export function outcomeOf(error: unknown): CommitOutcome {
  if (!(error instanceof SourceUnavailable) || error.wasSent) return 'may have arrived'
  return isSubrequestLimit(error.cause) ? 'spent' : 'never sent'
}

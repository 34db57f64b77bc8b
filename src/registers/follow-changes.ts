import { SourceUnavailable } from '../errors.ts'
import type { RedisReply } from '../redis/client.ts'
import type { ChangeLogReader } from './change-log.ts'

export interface FollowChangesOptions {
  readonly changeLog: Pick<ChangeLogReader, 'cursor' | 'receive' | 'syncedAt'>
  /** Reads the change log from a cursor on. Throws `SourceUnavailable` when Redis fails. */
  readonly readChanges: (cursor: string) => Promise<RedisReply>
  readonly now: () => number
}

/** Reads that are due because Postgres fails need not be more frequent. */
const FOLLOW_EVERY_MS = 1_000

/** Reads the change log, unless that was done a moment ago; resolves to whether Redis answered. */
export async function followChanges({ changeLog, readChanges, now }: FollowChangesOptions): Promise<boolean> {
  const requestedAt = now()
  if (Math.abs(requestedAt - changeLog.syncedAt()) < FOLLOW_EVERY_MS) return true
  try {
    changeLog.receive(await readChanges(changeLog.cursor()), requestedAt)
    return true
  } catch (error) {
    if (!(error instanceof SourceUnavailable)) throw error
    return false
  }
}

import { SourceUnavailable } from '../errors.ts'
import type { Publisher } from './publisher.ts'

/**
 * Publishes what an earlier attempt at a request has written, unless that has been done: as it is now, since it may have been
 * edited or deleted meanwhile. Never throws for an outage, like `publish`.
 */
export async function publishRepeated(publisher: Pick<Publisher, 'drain' | 'markBehind'>): Promise<void> {
  try {
    await publisher.drain()
  } catch (error) {
    if (!(error instanceof SourceUnavailable)) throw error
    publisher.markBehind()
  }
}

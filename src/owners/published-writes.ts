import type { Lease } from '../cache/register.ts'
import { SourceUnavailable } from '../errors.ts'
import type { LinkKey, WrittenKey } from '../links/link.ts'
import type { Edit } from '../registers/edit.ts'
import type { Publisher } from '../registers/publisher.ts'
import type { WrittenLink } from './bulk-store.ts'

/**
 * The one way in which owners write: to Postgres first, which fills the outbox in the same statement, and then to the
 * caches, so that no reader keeps what was there before.
 */
export interface PublishedWrites {
  /** See `Publisher.lease`. */
  lease(key: LinkKey): Promise<Lease | null>
  /**
   * Runs one statement and publishes what it wrote. Publishing never fails: what Redis does not take stays in the outbox.
   * @param write throws `SourceUnavailable`, and so does this.
   * @param toEdits what it wrote; 'repeated' = an earlier attempt at the request wrote it, and it may have been edited or
   * deleted since: then what Postgres has now is published, unless it has been already.
   */
  run<Result>(
    write: () => Promise<Result>,
    toEdits: (result: Result) => readonly Edit[] | 'repeated',
  ): Promise<Result>
}

export type PublishedWritesOptions = Pick<Publisher, 'lease' | 'publish' | 'drain' | 'markBehind'>

export function createPublishedWrites(publisher: PublishedWritesOptions): PublishedWrites {
  async function publishOutbox(): Promise<void> {
    try {
      if (!(await publisher.drain()).complete) publisher.markBehind()
    } catch (error) {
      if (!(error instanceof SourceUnavailable)) throw error
      publisher.markBehind()
    }
  }

  return {
    lease: publisher.lease,

    async run(write, toEdits) {
      const result = await markingBehind(publisher, write)
      const edits = toEdits(result)
      if (edits === 'repeated') await publishOutbox()
      else if (edits.length > 0) await publisher.publish(edits)
      return result
    },
  }
}

/** An edit whose acknowledgement was lost may have happened all the same, and wait in the outbox: then it is drained. */
export async function markingBehind<Result>(
  publisher: Pick<Publisher, 'markBehind'>,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof SourceUnavailable && error.wasSent) publisher.markBehind()
    throw error
  }
}

/** For links of which each is where it was written. See `PublishedWrites.run`. */
export function editsOf(written: readonly WrittenLink[], lease?: Lease | null): readonly Edit[] | 'repeated' {
  if (written.some(({ isRepeated }) => isRepeated)) return 'repeated'
  return written.map((link) => ({ ...linkEdit({ ...link, link }, lease), isFirst: link.isFirst }))
}

/** @param lease `null` = correct what Redis holds and add nothing: most links of many are not visited soon. */
export const linkEdit = ({ domain, code, version, link }: WrittenKey, lease: Lease | null = null): Edit => ({
  domain,
  code,
  version,
  link,
  lease,
})

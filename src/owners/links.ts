import { NO_HITS } from '../hits/live-totals.ts'
import type { LinkRecord, WrittenKey } from '../links/link.ts'
import type { Edit } from '../registers/edit.ts'
import type { BulkChange, BulkStore } from './bulk-store.ts'
import { type FlushAllOptions, flushAll } from './flush-all.ts'
import type { LinkChanges } from './link-fields.ts'
import type { LinkFilter } from './link-filter.ts'
import type { LinkPages, LinkWithHits } from './link-pages.ts'
import type { LinkStore } from './link-store.ts'
import { linkEdit, type PublishedWrites } from './published-writes.ts'
import { createLinkReads, type LinkReads } from './read-links.ts'
import { createWriteLinks, type LinkItem, type WriteLinks } from './write-links.ts'
import type { Attempt } from './write-step.ts'

/** Links as their owners read and change them. Throws `SourceUnavailable` when Postgres fails; a write that resolves is published. */
export interface Links extends LinkReads, Pick<BulkStore, 'match' | 'taken'> {
  /**
   * Adds the link to Redis at once.
   * @param attempt `null` = at a request without Idempotency-Key. Throws `ClaimLost`.
   * @returns `null` when the code is taken, or (not to be expected) every drawn one was.
   */
  create(item: LinkItem, attempt: Attempt | null): Promise<LinkWithHits | null>
  /** For many: none is added to Redis before it is visited. Throws `HitsWaiting` on a restore. */
  readonly write: WriteLinks
  /** See `LinkStore`, and so for `delete`, which resolves to whether a link was deleted. */
  update(
    id: string,
    changes: LinkChanges,
    versions: readonly number[] | null,
  ): Promise<LinkWithHits | 'taken' | null>
  delete(id: string, versions: readonly number[] | null): Promise<boolean>
  /** See `BulkStore`. */
  updateMatching(filter: LinkFilter, changes: LinkChanges): Promise<BulkChange>
  deleteMatching(filter: LinkFilter): Promise<BulkChange>
}

export interface LinksOptions extends FlushAllOptions {
  readonly links: LinkStore
  readonly bulk: BulkStore
  readonly pages: LinkPages
  readonly writes: PublishedWrites
}

export function createLinks(options: LinksOptions): Links {
  const { links, bulk, pages, counters, writes } = options
  const reads = createLinkReads(links, pages, counters)
  const writeLinks = createWriteLinks(bulk, writes)

  return {
    ...reads,

    async create(item, attempt) {
      const [outcome] = await writeLinks([item], 'keep', attempt, writes.lease)
      return outcome !== undefined && 'link' in outcome ? { ...outcome.link, ...NO_HITS } : null
    },

    async write(items, onTaken, attempt) {
      // A total that is restored includes hits that waited when it was exported: Postgres must have them first.
      if (onTaken === 'restore') await flushAll(options)
      return writeLinks(items, onTaken, attempt)
    },

    async update(id, changes, versions) {
      const updated = await writes.run(
        () => links.update(id, changes, versions),
        (done) => (done === null || done === 'taken' ? [] : editsOfChange([done.link], done.vacated)),
      )
      return updated === null || updated === 'taken' ? updated : reads.get(id)
    },

    async delete(id, versions) {
      const deleted = await writes.run(
        () => links.delete(id, versions),
        (link) => (link === null ? [] : [linkEdit({ ...link, link: null })]),
      )
      return deleted !== null
    },

    updateMatching: (filter, changes) =>
      writes.run(
        () => bulk.update(filter, changes),
        ({ changed, vacated }) => editsOfChange(changed, vacated),
      ),

    deleteMatching: (filter) =>
      writes.run(
        () => bulk.delete(filter),
        ({ changed }) => changed.map((link) => linkEdit({ ...link, link: null })),
      ),

    match: bulk.match,
    taken: bulk.taken,
  }
}

const editsOfChange = (changed: readonly LinkRecord[], vacated: readonly WrittenKey[]): readonly Edit[] =>
  [...changed.map((link) => ({ ...link, link })), ...vacated].map((written) => linkEdit(written))

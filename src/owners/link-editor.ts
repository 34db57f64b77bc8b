import type { Attempt } from '../api/http/idempotent-responses.ts'
import type { HitCounters, PendingHits } from '../hits/hit-counters.ts'
import { generateCode } from '../links/code.ts'
import type { LinkRecord } from '../links/link.ts'
import { describeError, log } from '../log.ts'
import type { LinkChanges, LinkFields, LinkRepository } from '../postgres/link-repository.ts'
import type { Edit } from '../registers/edit.ts'
import { publishRepeated } from '../registers/publish-repeated.ts'
import type { Publisher } from '../registers/publisher.ts'
import type { LinkBatches } from './link-batches.ts'
import { type LinkWithHits, NO_HITS } from './link-hits.ts'

/** What owners do with links. Every method throws `SourceUnavailable` when Postgres fails, and has then changed nothing. */
export interface LinkEditor {
  /**
   * @param code `undefined` = draw one.
   * @param attempt `null` = at a request that nobody repeats. Throws `ClaimLost`.
   * @returns `null` when the code is taken, or (not to be expected) every drawn one was.
   */
  create(
    domain: string,
    code: string | undefined,
    fields: LinkFields,
    attempt: Attempt | null,
  ): Promise<LinkWithHits | null>
  /** Resolves to `null` when there is no such link; so do the following. */
  get(id: string): Promise<LinkWithHits | null>
  /**
   * Resolves to `null` also when it would get too many tags; to 'taken' when there is a link where it would move.
   * @param versions `null` also when the link has none of these; left out = any will do.
   */
  update(
    id: string,
    changes: LinkChanges,
    versions?: readonly number[] | null,
  ): Promise<LinkWithHits | 'taken' | null>
  delete(id: string, versions?: readonly number[] | null): Promise<LinkRecord | null>
}

export interface LinkEditorOptions {
  readonly repository: LinkRepository
  readonly batches: Pick<LinkBatches, 'write'>
  readonly publisher: Pick<Publisher, 'publish' | 'lease' | 'drain' | 'markBehind'>
  readonly counters: HitCounters
}

/** With 10 million links of 1.5e12 codes one draw in 150,000 collides; five in a row never do. */
const MAX_DRAWS = 5

/** Writes go to Postgres first, together with the outbox, and are then published, so no reader keeps the old link. */
export function createLinkEditor({
  repository,
  batches,
  publisher,
  counters,
}: LinkEditorOptions): LinkEditor {
  const publish = (...written: readonly Edit[]): Promise<void> => publisher.publish(written)

  /** Redis first: hits that are flushed between the two reads are then in Postgres, under a segment id known here. */
  async function get(id: string): Promise<LinkWithHits | null> {
    const pending = await pendingOrNone(counters, id)
    const counted = await repository.get(
      id,
      pending.flatMap((segment) => segment.id ?? []),
    )
    if (counted === null) return null
    const waiting = pending
      .filter((segment) => segment.id === null || !counted.appliedSegments.includes(segment.id))
      .reduce((sum, segment) => sum + (segment.hits.get(id) ?? 0), 0)
    return { ...counted.link, hits: counted.hits + waiting, lastHitAt: counted.lastHitAt }
  }

  return {
    get,

    async create(domain, code, fields, attempt) {
      for (let draws = 0; draws < (code === undefined ? MAX_DRAWS : 1); draws++) {
        const key = { domain, code: code ?? generateCode() }
        const lease = await publisher.lease(key)
        const step = attempt === null ? null : { ...attempt, step: draws }
        const [created] = await batches.write([{ ...key, fields, index: 0 }], 'keep', step)
        if (created === undefined) continue
        if (created.isRepeated) await publishRepeated(publisher)
        else await publish({ ...created, link: created, lease })
        return { ...created, ...NO_HITS }
      }
      return null
    },

    async update(id, changes, versions = null) {
      const updated = await repository.update(id, changes, versions)
      if (updated === null || updated === 'taken') return updated
      const { link, vacated } = updated
      await publish({ ...link, link }, ...vacated)
      return get(id)
    },

    async delete(id, versions = null) {
      const deleted = await repository.delete(id, versions)
      if (deleted === null) return null
      await publish({ ...deleted, link: null })
      return deleted
    },
  }
}

/** Without Redis an owner still sees the hits that Postgres has. */
async function pendingOrNone(counters: HitCounters, id: string): Promise<readonly PendingHits[]> {
  try {
    return (await counters.pending([id])).segments
  } catch (error) {
    log.warn('hits.pending_unknown', { error: describeError(error) })
    return []
  }
}

/**
 * @module
 * What the API needs beyond single links, composed on its first use: everything here needs Postgres.
 */

import type { IdempotentResponses } from '../api/http/idempotent-responses.ts'
import type { HitCounters } from '../hits/hit-counters.ts'
import type { WrittenKey } from '../links/link.ts'
import { postgresApiKeys } from '../postgres/api-keys.ts'
import type { Database } from '../postgres/client.ts'
import { postgresDomains } from '../postgres/domains.ts'
import { postgresIdempotentResponses } from '../postgres/idempotent-responses.ts'
import { postgresLinkBatches } from '../postgres/link-batches.ts'
import { postgresLinkPages } from '../postgres/link-pages.ts'
import { publishRepeated } from '../registers/publish-repeated.ts'
import type { Publisher } from '../registers/publisher.ts'
import type { Edit } from '../registers/register-store.ts'
import type { ApiKeys } from './api-key.ts'
import type { DomainTable } from './domain-table.ts'
import type { LinkBatches } from './link-batches.ts'
import { createLinkList, type LinkList } from './link-list.ts'
import { createLinkWriter, type LinkWriter } from './link-writer.ts'

export interface Management {
  readonly list: LinkList
  readonly write: LinkWriter
  readonly batches: LinkBatches
  readonly publish: PublishMany
  readonly keys: ApiKeys
  readonly responses: IdempotentResponses
  readonly domains: DomainTable
  /** Segments of hits that wait in Redis, beside the one that is being filled. */
  readonly sealedSegments: () => Promise<number>
}

/** Publishes the writes of one statement. Corrects what Redis holds and adds nothing: nobody may ever visit them all. */
export type PublishMany = (written: readonly WrittenKey[]) => Promise<void>

export interface ManagementOptions {
  readonly database: Database
  readonly publisher: Pick<Publisher, 'publish' | 'drain' | 'suspect'>
  readonly counters: Pick<HitCounters, 'pending'>
}

export function createManagement({ database, publisher, counters }: ManagementOptions): Management {
  const batches = postgresLinkBatches(database)
  const publish: PublishMany = async (written) => {
    const edits = written.map(
      ({ domain, code, version, link }): Edit => ({ key: { domain, code }, register: { version, link } }),
    )
    if (edits.length > 0) await publisher.publish(edits)
  }
  return {
    list: createLinkList({ pages: postgresLinkPages(database), counters }),
    batches,
    publish,
    write: createLinkWriter({
      batches,
      publish,
      publishRepeated: () => publishRepeated(publisher),
    }),
    keys: postgresApiKeys(database),
    responses: postgresIdempotentResponses(database),
    domains: postgresDomains(database),
    sealedSegments: async () => (await counters.pending([])).segments.length - 1,
  }
}

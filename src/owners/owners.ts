/**
 * @module
 * The one service behind the API. Every method that changes something a redirect depends on writes it to Postgres and
 * publishes it.
 */
import type { Config } from '../config.ts'
import type { Runtime } from '../runtime.ts'
import type { ApiKeyStore } from './api-key.ts'
import type { BulkStore } from './bulk-store.ts'
import type { DomainStore } from './domain-store.ts'
import { createDomains, type Domains } from './domains.ts'
import type { FlushAllOptions } from './flush-all.ts'
import { createKeys, type Keys } from './keys.ts'
import type { LinkPages } from './link-pages.ts'
import type { LinkStore } from './link-store.ts'
import { createLinks, type Links } from './links.ts'
import { createPublishedWrites, type PublishedWritesOptions } from './published-writes.ts'
import { createStatsReads, type StatsReads } from './stats.ts'
import type { StatsPurge } from './stats-purge.ts'
import type { StatsStore } from './stats-store.ts'
import type { VisitImport } from './visit-import.ts'
import type { VisitLog } from './visit-log.ts'
import type { WaitingCounters } from './waiting-hits.ts'

export interface Owners extends StatsPurge, VisitImport {
  readonly links: Links
  readonly stats: StatsReads
  readonly domains: Domains
  readonly keys: Keys
}

/** The ports to Postgres. */
export interface OwnerStores {
  readonly links: LinkStore
  readonly bulk: BulkStore
  readonly pages: LinkPages
  readonly domains: DomainStore
  readonly keys: ApiKeyStore
  readonly stats: StatsStore
  readonly visitLog: VisitLog
  readonly purge: StatsPurge
  readonly visitImport: VisitImport
}

export interface OwnersOptions {
  readonly stores: OwnerStores
  readonly publisher: PublishedWritesOptions
  readonly counters: WaitingCounters
  /** Brings the hits that wait in Redis to Postgres. */
  readonly flush: FlushAllOptions['flush']
  readonly config: Pick<Config, 'domains' | 'baseUrl' | 'visits'>
  readonly runtime: Pick<Runtime, 'now' | 'background'>
}

export function createOwners({ stores, publisher, config, runtime, ...hits }: OwnersOptions): Owners {
  const writes = createPublishedWrites(publisher)
  return {
    links: createLinks({ ...stores, ...hits, writes }),
    domains: createDomains({ domains: stores.domains, writes, config, now: runtime.now }),
    keys: createKeys(stores.keys, runtime),
    stats: createStatsReads({
      ...{ stats: stores.stats, log: stores.visitLog, counters: hits.counters },
      ...{ logDays: config.visits.logDays, now: runtime.now },
    }),
    purgeStats: stores.purge.purgeStats,
    importVisits: stores.visitImport.importVisits,
  }
}

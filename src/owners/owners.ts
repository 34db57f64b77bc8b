/**
 * @module
 * The one service behind the API. Every method that changes something a redirect depends on writes it to Postgres and
 * publishes it.
 */
import type { Config } from '../config.ts'
import type { HitCounters } from '../hits/hit-counters.ts'
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

export interface Owners {
  readonly links: Links
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
}

export interface OwnersOptions {
  readonly stores: OwnerStores
  readonly publisher: PublishedWritesOptions
  readonly counters: Pick<HitCounters, 'pending'>
  /** Brings the hits that wait in Redis to Postgres. */
  readonly flush: FlushAllOptions['flush']
  readonly config: Pick<Config, 'domains' | 'baseUrl'>
  readonly runtime: Pick<Runtime, 'now' | 'background'>
}

export function createOwners({ stores, publisher, config, runtime, ...hits }: OwnersOptions): Owners {
  const writes = createPublishedWrites(publisher)
  return {
    links: createLinks({ ...stores, ...hits, writes }),
    domains: createDomains({ domains: stores.domains, writes, config, now: runtime.now }),
    keys: createKeys(stores.keys, runtime),
  }
}

import type { OwnerStores } from '../owners/owners.ts'
import { postgresApiKeyStore } from './api-key-store.ts'
import { postgresBulkStore } from './bulk-store.ts'
import type { Database } from './client.ts'
import { postgresDomainStore } from './domain-store.ts'
import { postgresVisitImport, type VisitImportOptions } from './import-visits.ts'
import { postgresLinkPages } from './link-pages.ts'
import { postgresLinkStore } from './link-store.ts'
import { postgresStatsPurge } from './stats-purge.ts'
import { postgresStats } from './stats-store.ts'
import { postgresVisitLog } from './visit-pages.ts'

/** The adapters behind `createOwners`, to be imported at once when the API is first used. */
export const postgresOwnerStores = (database: Database, visits: VisitImportOptions): OwnerStores => ({
  links: postgresLinkStore(database),
  bulk: postgresBulkStore(database),
  pages: postgresLinkPages(database),
  domains: postgresDomainStore(database),
  keys: postgresApiKeyStore(database),
  stats: postgresStats(database),
  visitLog: postgresVisitLog(database),
  purge: postgresStatsPurge(database),
  visitImport: postgresVisitImport(database, visits),
})

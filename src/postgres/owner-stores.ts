import type { OwnerStores } from '../owners/owners.ts'
import { postgresApiKeys } from './api-keys.ts'
import type { Database } from './client.ts'
import { postgresDomains } from './domains.ts'
import { postgresLinkBatches } from './link-batches.ts'
import { postgresLinkPages } from './link-pages.ts'
import { postgresLinkRepository } from './link-repository.ts'

/** The adapters behind `createOwners`, to be imported at once when the API is first used. */
export const postgresOwnerStores = (database: Database): OwnerStores => ({
  links: postgresLinkRepository(database),
  bulk: postgresLinkBatches(database),
  pages: postgresLinkPages(database),
  domains: postgresDomains(database),
  keys: postgresApiKeys(database),
})

/**
 * @module
 * Every operation of the API. Its routes, their guards and schemas, and its description are made from these tables.
 */
import type { Scope } from '../../owners/api-key.ts'
import { bulkDeleteSchema, bulkEditSchema, bulkSchema, importSchema } from './bulk-schema.ts'
import { domainSchema } from './domain-schema.ts'
import { keySchema, rotateSchema } from './key-schema.ts'
import { createSchema, editSchema, importedSchema, upsertSchema } from './link-schema.ts'
import { listSchema, lookupSchema } from './list-schema.ts'
import { reconcileSchema, warmSchema } from './maintenance-schema.ts'
import { MAX_BULK_BYTES, type Operation } from './operation.ts'
import * as response from './response-schema.ts'
import * as stats from './stats-response.ts'
import { linkStatsSchema, missesSchema, purgeSchema, statsSchema, visitsSchema } from './stats-schema.ts'
import { dayOfVisitsSchema, visitImportSchema } from './visit-import-schema.ts'

type Operations = Readonly<Record<string, Operation>>

// biome-ignore format: a table
export const LINKS = {
  list: { method: 'get', path: '/links', scope: 'links:read', summary: 'List links, page by page', query: listSchema, responses: { 200: response.listResponse }, problems: [422] },
  create: { method: 'post', path: '/links', scope: 'links:write', summary: 'Create a link', body: createSchema, checksDestinations: true, isIdempotent: true, responses: { 201: response.linkResponse }, problems: [409, 422] },
  upsert: { method: 'put', path: '/links', scope: 'links:write', summary: 'Create a link, or replace the one with this domain and code', body: upsertSchema, checksDestinations: true, responses: { 200: response.editedResponse, 201: response.linkResponse }, problems: [422] },
  lookup: { method: 'get', path: '/links/lookup', scope: 'links:read', summary: 'Find a link by its domain and code', query: () => lookupSchema, responses: { 200: response.linkResponse }, problems: [404, 422] },
  read: { method: 'get', path: '/links/:id', scope: 'links:read', summary: 'Read a link', responses: { 200: response.linkResponse }, problems: [404] },
  edit: { method: 'patch', path: '/links/:id', scope: 'links:write', summary: 'Change some fields of a link, or move it', body: editSchema, checksDestinations: true, isConditional: true, responses: { 200: response.editedResponse }, problems: [403, 404, 409, 412, 422] },
  delete: { method: 'delete', path: '/links/:id', scope: 'links:write', summary: 'Delete a link', isConditional: true, responses: { 204: null }, problems: [404, 412] },
} as const satisfies Operations

// biome-ignore format: a table
export const BULK = {
  write: { method: 'post', path: '/links/bulk', scope: 'links:write', summary: 'Create or upsert up to 1,000 links', body: () => bulkSchema, item: createSchema, maxBodyBytes: MAX_BULK_BYTES, checksDestinations: true, isIdempotent: true, responses: { 200: response.bulkResponse }, problems: [409, 422] },
  import: { method: 'post', path: '/links/import', scope: 'links:write', summary: 'Import up to 1,000 links with their age and hits', body: () => importSchema, item: importedSchema, maxBodyBytes: MAX_BULK_BYTES, checksDestinations: true, isIdempotent: true, responses: { 200: response.importResponse }, problems: [409, 422] },
  edit: { method: 'patch', path: '/links', scope: 'links:write', summary: 'Change or move up to 1,000 links, by ids or by a filter', body: bulkEditSchema, checksDestinations: true, responses: { 200: response.bulkEditResponse }, problems: [422] },
  delete: { method: 'delete', path: '/links', scope: 'links:write', summary: 'Delete up to 1,000 links, by ids or by a filter', body: () => bulkDeleteSchema, responses: { 200: response.bulkDeleteResponse }, problems: [422] },
} as const satisfies Operations

// biome-ignore format: a table
export const STATS = {
  all: { method: 'get', path: '/stats', scope: 'stats:read', summary: 'Count hits, people, bots and visitors of all links, of a domain, of a tag or of a link', query: () => statsSchema, isCsvToo: true, responses: { 200: stats.statsResponse }, problems: [422] },
  misses: { method: 'get', path: '/stats/misses', scope: 'stats:read', summary: 'List the codes that visitors tried and no link has', query: () => missesSchema, isCsvToo: true, responses: { 200: stats.missesResponse }, problems: [422] },
  link: { method: 'get', path: '/links/:id/stats', scope: 'stats:read', summary: 'Count hits, people, bots and visitors of a link', query: () => linkStatsSchema, isCsvToo: true, responses: { 200: stats.statsResponse }, problems: [404, 422] },
  purge: { method: 'delete', path: '/links/:id/stats', scope: 'links:write', summary: 'Forget what is known of the visits to a link before a day', query: () => purgeSchema, responses: { 200: stats.purgeResponse }, problems: [404, 422] },
  visits: { method: 'get', path: '/visits', scope: 'stats:read', summary: 'List visits, newest first, page by page', query: () => visitsSchema, isCsvToo: true, responses: { 200: stats.visitsResponse }, problems: [422] },
  import: { method: 'post', path: '/visits/import', scope: 'links:write', summary: 'Import visits that were counted elsewhere, up to 1,000 days of links', body: () => visitImportSchema, item: dayOfVisitsSchema, maxBodyBytes: MAX_BULK_BYTES, responses: { 200: stats.visitImportResponse }, problems: [422] },
} as const satisfies Operations

// biome-ignore format: a table
export const KEYS = {
  list: { method: 'get', path: '/keys', scope: 'admin', summary: 'List API keys', responses: { 200: response.keysResponse } },
  create: { method: 'post', path: '/keys', scope: 'admin', summary: 'Make an API key; only this response shows it', body: keySchema, responses: { 201: response.newKeyResponse }, problems: [422] },
  rotate: { method: 'post', path: '/keys/:id/rotate', scope: 'admin', summary: 'Make a key that takes the place of another one', body: () => rotateSchema, isBodyOptional: true, responses: { 201: response.newKeyResponse }, problems: [404, 409, 422] },
  revoke: { method: 'delete', path: '/keys/:id', scope: 'admin', summary: 'Revoke an API key', responses: { 204: null }, problems: [404] },
} as const satisfies Operations

// biome-ignore format: a table
export const DOMAINS = {
  list: { method: 'get', path: '/domains', scope: 'links:read', summary: 'List the settings of domains', responses: { 200: response.domainsResponse } },
  read: { method: 'get', path: '/domains/:host', scope: 'links:read', summary: 'Read the settings of a domain', responses: { 200: response.domainResponse }, problems: [404, 422] },
  set: { method: 'put', path: '/domains/:host', scope: 'admin', summary: 'Set the fallback URLs and defaults of a domain', body: () => domainSchema, responses: { 200: response.domainResponse }, problems: [404, 422] },
  delete: { method: 'delete', path: '/domains/:host', scope: 'admin', summary: 'Forget the settings of a domain', responses: { 204: null }, problems: [404, 422] },
} as const satisfies Operations

// biome-ignore format: a table
export const MAINTENANCE = {
  flush: { method: 'post', path: '/flush', scope: 'admin', summary: 'Move the hits that wait in Redis to Postgres', responses: { 200: response.report } },
  reconcile: { method: 'post', path: '/reconcile', scope: 'admin', summary: 'Compare the cache with Postgres, and repair it', body: () => reconcileSchema, isBodyOptional: true, responses: { 200: response.report }, problems: [422] },
  warm: { method: 'post', path: '/warm', scope: 'admin', summary: 'Load the links with the most hits into Redis', body: () => warmSchema, isBodyOptional: true, responses: { 200: response.report }, problems: [422] },
  health: { method: 'get', path: '/health', scope: 'admin', summary: 'See how the stores are', responses: { 200: response.report, 503: response.report } },
} as const satisfies Operations

/** By the tags of the description. */
export const OPERATIONS: Readonly<Record<string, Operations>> = {
  Links: LINKS,
  Bulk: BULK,
  Statistics: STATS,
  'API keys': KEYS,
  Domains: DOMAINS,
  Operations: MAINTENANCE,
}

/** The scope of a request that no operation is for: that of its neighbours, else `admin`. */
export function scopeNear(method: string, path: string): Scope {
  const kind = (name: string): string => (/^(?:get|head)$/i.test(name) ? 'read' : 'write')
  const near = Object.values(OPERATIONS)
    .flatMap((operations) => Object.values(operations))
    .find((one) => kind(one.method) === kind(method) && one.path.split('/')[1] === path.split('/')[1])
  return near?.scope ?? 'admin'
}

/**
 * @module
 * Every route of the API, for its description; the schemas are those that the routes validate with.
 */
import type * as v from 'valibot'
import { domainSchema } from '../routes/domains-routes.ts'
import { reconcileSchema, warmSchema } from '../routes/operations-routes.ts'
import { bulkDeleteSchema, bulkEditSchema, bulkSchema, importSchema } from './bulk-schema.ts'
import { keySchema, rotateSchema } from './key-schema.ts'
import { createLinkSchemas } from './link-schema.ts'
import { listSchema, lookupSchema } from './list-schema.ts'
import * as answer from './response-schema.ts'

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/api`, parameters in braces. */
  readonly path: string
  readonly summary: string
  readonly tag: string
  readonly query?: v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> }
  readonly body?: v.GenericSchema
  readonly isBodyOptional?: boolean
  readonly headers?: readonly ('If-Match' | 'Idempotency-Key')[]
  /** By status; `null` = no body. */
  readonly answers: Readonly<Record<number, v.GenericSchema | null>>
  /** Statuses of problems beside those that any request can get. */
  readonly problems?: readonly number[]
}

const links = createLinkSchemas({
  isOwnHost: () => false,
  isDomain: () => true,
  isTarget: () => true,
  now: () => 0,
})
const once = ['Idempotency-Key'] as const
const ifMatch = ['If-Match'] as const

const tagged = (tag: string, operations: readonly Omit<Operation, 'tag'>[]): Operation[] =>
  operations.map((operation) => ({ ...operation, tag }))

// biome-ignore format: a table
export const OPERATIONS: readonly Operation[] = [
  ...tagged('Links', [
    { method: 'get', path: '/links', summary: 'List links, page by page', query: listSchema(true), answers: { 200: answer.listAnswer }, problems: [422] },
    { method: 'post', path: '/links', summary: 'Create a link', body: links.create, headers: once, answers: { 201: answer.linkAnswer }, problems: [409, 422] },
    { method: 'put', path: '/links', summary: 'Create a link, or replace the one with this domain and code', body: links.upsert, answers: { 200: answer.editedAnswer, 201: answer.linkAnswer }, problems: [422] },
    { method: 'get', path: '/links/lookup', summary: 'Find a link by its domain and code', query: lookupSchema, answers: { 200: answer.linkAnswer }, problems: [404, 422] },
    { method: 'get', path: '/links/{id}', summary: 'Read a link', answers: { 200: answer.linkAnswer }, problems: [404] },
    { method: 'patch', path: '/links/{id}', summary: 'Change some fields of a link, or move it', body: links.edit, headers: ifMatch, answers: { 200: answer.editedAnswer }, problems: [403, 404, 409, 412, 422] },
    { method: 'delete', path: '/links/{id}', summary: 'Delete a link', headers: ifMatch, answers: { 204: null }, problems: [404, 412] },
  ]),
  ...tagged('Bulk', [
    { method: 'post', path: '/links/bulk', summary: 'Create or upsert up to 1,000 links', body: bulkSchema(links.create), headers: once, answers: { 200: answer.bulkAnswer }, problems: [409, 422] },
    { method: 'post', path: '/links/import', summary: 'Import up to 1,000 links with their age and hits', body: importSchema(links.imported), headers: once, answers: { 200: answer.importAnswer }, problems: [409, 422] },
    { method: 'patch', path: '/links', summary: 'Change or move up to 1,000 links, by ids or by a filter', body: bulkEditSchema(links.bulkEdit), answers: { 200: answer.bulkEditAnswer }, problems: [422] },
    { method: 'delete', path: '/links', summary: 'Delete up to 1,000 links, by ids or by a filter', body: bulkDeleteSchema, answers: { 200: answer.bulkDeleteAnswer }, problems: [422] },
  ]),
  ...tagged('API keys', [
    { method: 'get', path: '/keys', summary: 'List API keys', answers: { 200: answer.keysAnswer } },
    { method: 'post', path: '/keys', summary: 'Make an API key, shown only in this answer', body: keySchema({ now: () => 0, isDomain: () => true, makerExpiresAt: null }), answers: { 201: answer.newKeyAnswer }, problems: [422] },
    { method: 'post', path: '/keys/{id}/rotate', summary: 'Make a key that takes the place of another one', body: rotateSchema, isBodyOptional: true, answers: { 201: answer.newKeyAnswer }, problems: [404, 409, 422] },
    { method: 'delete', path: '/keys/{id}', summary: 'Revoke an API key', answers: { 204: null }, problems: [404] },
  ]),
  ...tagged('Domains', [
    { method: 'get', path: '/domains', summary: 'List the settings of domains', answers: { 200: answer.domainsAnswer } },
    { method: 'get', path: '/domains/{host}', summary: 'Read the settings of a domain', answers: { 200: answer.domainAnswer }, problems: [404, 422] },
    { method: 'put', path: '/domains/{host}', summary: 'Set what a domain shows where it has no link to show', body: domainSchema, answers: { 200: answer.domainAnswer }, problems: [404, 422] },
    { method: 'delete', path: '/domains/{host}', summary: 'Forget the settings of a domain', answers: { 204: null }, problems: [404, 422] },
  ]),
  ...tagged('Operations', [
    { method: 'post', path: '/flush', summary: 'Move the hits that wait in Redis to Postgres', answers: { 200: answer.report } },
    { method: 'post', path: '/reconcile', summary: 'Compare the cache with Postgres, and repair it', body: reconcileSchema, isBodyOptional: true, answers: { 200: answer.report }, problems: [422] },
    { method: 'post', path: '/warm', summary: 'Load the links with the most hits into Redis', body: warmSchema, isBodyOptional: true, answers: { 200: answer.report }, problems: [422] },
    { method: 'get', path: '/health', summary: 'See how the stores are', answers: { 200: answer.report, 503: answer.report } },
  ]),
]

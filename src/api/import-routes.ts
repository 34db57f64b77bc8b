import { Hono } from 'hono'
import * as v from 'valibot'
import type { LinkBatches } from '../links/link-batches.ts'
import type { OnTaken, WriterItem, WriterOutcome } from '../links/link-writer.ts'
import type { Services } from '../services.ts'
import { importSchema, type ON_CONFLICT } from './bulk-schema.ts'
import { type ApiEnv, hasScope } from './caller.ts'
import { linkRequest } from './link-request.ts'
import { type FieldError, Problem } from './problem.ts'
import { readBody } from './read-body.ts'
import { readItems } from './read-items.ts'

type OnConflict = (typeof ON_CONFLICT)[number]

interface ImportResult {
  readonly index: number
  readonly outcome: 'created' | 'updated' | 'skipped' | 'renamed' | 'rejected'
  readonly id?: string
  readonly code?: string
  readonly problem?: string
  readonly errors?: readonly FieldError[] | undefined
}

/** `POST /api/links/import`: links from elsewhere, with their age and the hits they had there. */
export function importRoutes(services: Services): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>()

  app.post('/import', async (c) => {
    const request = linkRequest(c, services)
    const { onConflict, dryRun, links } = readBody(c, importSchema(v.unknown()))
    if (onConflict === 'restore' && !hasScope(c.var.caller, 'admin')) {
      const detail =
        'Restoring an export of linkr sets totals and flushes everybody\'s hits: it needs the scope "admin". Use "overwrite".'
      throw new Problem(403, 'scope_missing', detail)
    }
    const { accepted, rejected } = await readItems(links, request.schemas.imported, async (item) => {
      const { domain: asked, code, createdAt, hits, ...fields } = item
      const { domain, isAllowed } = request.domainFor(asked)
      if (!isAllowed) return 'domain_forbidden'
      return { domain, code, createdAt, baseline: hits, fields: await request.complete(domain, fields) }
    })
    const items = accepted.map(({ item }) => item)
    // The totals include hits that waited then; now Postgres must have them too.
    if (onConflict === 'restore' && !dryRun) await services.flush()
    const { write, batches } = await services.management()
    const results = dryRun
      ? await foresee(items, onConflict, batches)
      : (await write(items, WHEN_TAKEN[onConflict], c.var.attempt ?? null)).map((outcome) =>
          describe(outcome, onConflict),
        )
    const placed = results.map((result, i) => ({ index: accepted[i]?.index ?? i, ...result }))
    const refused = rejected.map((rejection) => ({ ...rejection, outcome: 'rejected' as const }))
    const all: ImportResult[] = [...placed, ...refused]
    return c.json({ results: all.sort((a, b) => a.index - b.index) })
  })

  return app
}

const WHEN_TAKEN = {
  skip: 'keep',
  fail: 'keep',
  overwrite: 'overwrite',
  restore: 'restore',
  rename: 'rename',
} as const satisfies Record<OnConflict, OnTaken>

function describe(outcome: WriterOutcome, onConflict: OnConflict): Omit<ImportResult, 'index'> {
  if ('link' in outcome) return { outcome: outcome.kind, id: outcome.link.id, code: outcome.link.code }
  if (outcome.kind === 'no-free-code') return { outcome: 'rejected', problem: 'no_free_code' }
  const { code } = outcome
  return onConflict === 'skip'
    ? { outcome: 'skipped', code }
    : { outcome: 'rejected', code, problem: 'code_taken' }
}

/** What an import would do, were nobody else to change anything. */
async function foresee(
  items: readonly WriterItem[],
  onConflict: OnConflict,
  batches: Pick<LinkBatches, 'taken'>,
): Promise<Omit<ImportResult, 'index'>[]> {
  const nameOf = (domain: string, code: string): string => `${domain}/${code}`
  const keys = items.flatMap(({ domain, code }) => (code === undefined ? [] : { domain, code }))
  const taken = new Set((await batches.taken(keys)).map(({ domain, code }) => nameOf(domain, code)))
  return items.map(({ domain, code }) => {
    if (code === undefined) return { outcome: 'created' }
    const name = nameOf(domain, code)
    if (!taken.has(name)) {
      taken.add(name)
      return { outcome: 'created', code }
    }
    if (onConflict === 'overwrite' || onConflict === 'restore') return { outcome: 'updated', code }
    // Its new code shows only when it is written.
    if (onConflict === 'rename') return { outcome: 'renamed' }
    return describe({ kind: 'taken', code }, onConflict)
  })
}

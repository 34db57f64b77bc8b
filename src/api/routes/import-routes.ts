import type { LinkBatches } from '../../owners/link-batches.ts'
import type { OnTaken, WriterItem, WriterOutcome } from '../../owners/link-writer.ts'
import type { Services } from '../../services.ts'
import type { ON_CONFLICT } from '../contract/bulk-schema.ts'
import { BULK } from '../contract/operations.ts'
import { hasScope } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { type FieldError, Problem } from '../http/problem.ts'
import { readItems } from '../http/read-items.ts'
import { linkRequest } from './link-request.ts'

type OnConflict = (typeof ON_CONFLICT)[number]

interface ImportResult {
  readonly index: number
  readonly outcome: 'created' | 'updated' | 'skipped' | 'renamed' | 'rejected'
  readonly id?: string
  readonly code?: string
  readonly sameDestination?: boolean | undefined
  readonly problem?: string
  readonly errors?: readonly FieldError[] | undefined
}

/** `POST /api/links/import`: links from elsewhere, with their age and the hits they had there. */
export function importRoutes(route: Route, services: Services): void {
  route(BULK.import, async (c, input) => {
    const request = linkRequest(c, services)
    const { onConflict, dryRun, links } = input.body()
    if (onConflict === 'restore' && !hasScope(c.var.caller, 'admin')) {
      const detail =
        '"restore", which is how an export of linkr overwrites, sets totals and flushes all hits: it needs the scope "admin".'
      throw new Problem(403, 'scope_missing', detail)
    }
    const { accepted, rejected } = await readItems(links, input.item(), async (item) => {
      const { domain: asked, code, createdAt, hits, ...fields } = item
      const { domain, isAllowed } = request.domainFor(asked)
      if (!isAllowed) return 'domain_forbidden'
      return { domain, code, createdAt, baseline: hits, fields: await request.complete(domain, fields) }
    })
    const items = accepted.map(({ item }) => item)
    if (onConflict === 'restore' && !dryRun) await flushAll(services)
    const { write, batches } = await services.management()
    const results = dryRun
      ? await foresee(items, onConflict, batches)
      : await describeAll(
          items,
          await write(items, WHEN_TAKEN[onConflict], c.var.attempt ?? null),
          onConflict,
          batches,
        )
    // Where a link leads is nothing for a key that may only write.
    const hidden = hasScope(c.var.caller, 'links:read') ? {} : { sameDestination: undefined }
    const placed = results.map((result, i) => ({ index: accepted[i]?.index ?? i, ...result, ...hidden }))
    const refused = rejected.map((rejection) => ({ ...rejection, outcome: 'rejected' as const }))
    const all: ImportResult[] = [...placed, ...refused]
    return c.json({ results: all.sort((a, b) => a.index - b.index) })
  })
}

/** Of the largest backlog that a flush was tried with; beyond it, the client is to come again. */
const MAX_FLUSHES = 3

/** The totals of a restore include hits that waited when they were exported; now Postgres must have them too. */
async function flushAll({ flush, management }: Services): Promise<void> {
  for (let flushes = 0; flushes < MAX_FLUSHES; flushes++) {
    await flush()
    if ((await (await management()).sealedSegments()) <= 0) return
  }
  const detail = 'So many hits wait for Postgres that a flush takes several requests. Try again.'
  throw new Problem(503, 'hits_waiting', detail)
}

const WHEN_TAKEN = {
  skip: 'keep',
  fail: 'keep',
  overwrite: 'overwrite',
  restore: 'restore',
  rename: 'rename',
} as const satisfies Record<OnConflict, OnTaken>

type Described = Omit<ImportResult, 'index'>

async function describeAll(
  items: readonly WriterItem[],
  outcomes: readonly WriterOutcome[],
  onConflict: OnConflict,
  batches: Pick<LinkBatches, 'taken'>,
): Promise<Described[]> {
  const skipped = onConflict === 'skip' ? items.filter((_, i) => outcomes[i]?.kind === 'taken') : []
  const holders = await holdersOf(skipped, batches)
  return outcomes.map((outcome, i) => {
    if ('link' in outcome) return { outcome: outcome.kind, id: outcome.link.id, code: outcome.link.code }
    if (outcome.kind === 'no-free-code') return { outcome: 'rejected', problem: 'no_free_code' }
    return describeTaken(outcome.code, items[i], onConflict, holders)
  })
}

/** @param holders the destination of each code that is taken; one that has been deleted meanwhile is none. */
function describeTaken(
  code: string,
  item: WriterItem | undefined,
  onConflict: OnConflict,
  holders: ReadonlyMap<string, string>,
): Described {
  if (onConflict !== 'skip') return { outcome: 'rejected', code, problem: 'code_taken' }
  const holder = item === undefined ? undefined : holders.get(nameOf(item.domain, code))
  return { outcome: 'skipped', code, sameDestination: holder !== undefined && holder === item?.fields.url }
}

const nameOf = (domain: string, code: string): string => `${domain}/${code}`

/** By domain and code, where those of the items that ask for a code lead today. */
async function holdersOf(
  items: readonly WriterItem[],
  batches: Pick<LinkBatches, 'taken'>,
): Promise<Map<string, string>> {
  const keys = items.flatMap(({ domain, code }) => (code === undefined ? [] : { domain, code }))
  const taken = keys.length === 0 ? [] : await batches.taken(keys)
  return new Map(taken.map(({ domain, code, url }) => [nameOf(domain, code), url]))
}

/** What an import would do if nothing else changed meanwhile. */
async function foresee(
  items: readonly WriterItem[],
  onConflict: OnConflict,
  batches: Pick<LinkBatches, 'taken'>,
): Promise<Described[]> {
  const holders = await holdersOf(items, batches)
  return items.map((item) => {
    const { domain, code } = item
    if (code === undefined) return { outcome: 'created' }
    const name = nameOf(domain, code)
    if (!holders.has(name)) {
      holders.set(name, item.fields.url)
      return { outcome: 'created', code }
    }
    if (onConflict === 'overwrite' || onConflict === 'restore') return { outcome: 'updated', code }
    // Its new code shows only when it is written.
    if (onConflict === 'rename') return { outcome: 'renamed' }
    return describeTaken(code, item, onConflict, holders)
  })
}

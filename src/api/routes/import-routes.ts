import type * as v from 'valibot'
import { linkName } from '../../links/link.ts'
import { HitsWaiting } from '../../owners/flush-all.ts'
import type { Links } from '../../owners/links.ts'
import type { LinkItem, OnTaken, WriteOutcome } from '../../owners/write-links.ts'
import type { ApiServices } from '../api-services.ts'
import type { ON_CONFLICT } from '../contract/bulk-schema.ts'
import { BULK } from '../contract/operations.ts'
import type { importResponse } from '../contract/response-schema.ts'
import { hasScope } from '../http/caller.ts'
import type { Route } from '../http/create-route.ts'
import { Problem } from '../http/problem.ts'
import { readItems } from '../http/read-items.ts'
import { linkRequest } from './link-request.ts'

type OnConflict = (typeof ON_CONFLICT)[number]

type ImportResult = v.InferOutput<typeof importResponse>['results'][number]

/** `POST /api/links/import`: links from elsewhere, with their age and the hits they had there. */
export function importRoutes(route: Route, services: ApiServices): void {
  route(BULK.import, async (c, input) => {
    const request = linkRequest(c, services)
    const { onConflict, dryRun, links } = input.body()
    if (onConflict === 'restore' && !hasScope(c.var.caller, 'admin')) {
      const detail =
        '"restore", which is how an export of linkr overwrites, sets totals and flushes all hits: it needs the scope "admin".'
      throw new Problem(403, 'scope_missing', detail)
    }
    const { accepted, rejected } = await readItems(links, input.item(), request.accept)
    const items = accepted.map(({ item }) => item)
    const { write, taken } = (await services.owners()).links
    const results = dryRun
      ? await previewImport(items, onConflict, taken)
      : await describeAll(
          items,
          await write(items, whenTaken(onConflict), c.var.attempt ?? null).catch(explainWaiting),
          onConflict,
          taken,
        )
    // Where a link leads is nothing for a key that may only write.
    const hidden = hasScope(c.var.caller, 'links:read') ? {} : { sameDestination: undefined }
    const placed = results.map((result, i) => ({ index: accepted[i]?.index ?? i, ...result, ...hidden }))
    const refused = rejected.map((rejection) => ({ ...rejection, outcome: 'rejected' as const }))
    const all: ImportResult[] = [...placed, ...refused]
    return c.json({ results: all.sort((a, b) => a.index - b.index) })
  })
}

/** The general text about errors would not tell what to wait for. */
function explainWaiting(error: unknown): never {
  throw error instanceof HitsWaiting ? new Problem(error.status, error.code, error.message) : error
}

const whenTaken = (onConflict: OnConflict): OnTaken =>
  onConflict === 'skip' || onConflict === 'fail' ? 'keep' : onConflict

type Described = Omit<ImportResult, 'index'>

async function describeAll(
  items: readonly LinkItem[],
  outcomes: readonly WriteOutcome[],
  onConflict: OnConflict,
  taken: Links['taken'],
): Promise<Described[]> {
  const skipped = onConflict === 'skip' ? items.filter((_, i) => outcomes[i]?.kind === 'taken') : []
  const holders = await holdersOf(skipped, taken)
  return outcomes.map((outcome, i) => {
    if ('link' in outcome) return { outcome: outcome.kind, id: outcome.link.id, code: outcome.link.code }
    if (outcome.kind === 'no-free-code') return { outcome: 'rejected', problem: 'no_free_code' }
    return describeTaken(outcome.code, items[i], onConflict, holders)
  })
}

/** @param holders the destination of each code that is taken; one that has been deleted meanwhile is none. */
function describeTaken(
  code: string,
  item: LinkItem | undefined,
  onConflict: OnConflict,
  holders: ReadonlyMap<string, string>,
): Described {
  if (onConflict !== 'skip') return { outcome: 'rejected', code, problem: 'code_taken' }
  const holder = item === undefined ? undefined : holders.get(linkName({ domain: item.domain, code }))
  return { outcome: 'skipped', code, sameDestination: holder !== undefined && holder === item?.fields.url }
}

/** By domain and code, where those of the items that ask for a code lead today. */
async function holdersOf(items: readonly LinkItem[], taken: Links['taken']): Promise<Map<string, string>> {
  const keys = items.flatMap(({ domain, code }) => (code === undefined ? [] : { domain, code }))
  const holders = keys.length === 0 ? [] : await taken(keys)
  return new Map(holders.map(({ domain, code, url }) => [linkName({ domain, code }), url]))
}

/** What an import would do if nothing else changed meanwhile. */
async function previewImport(
  items: readonly LinkItem[],
  onConflict: OnConflict,
  taken: Links['taken'],
): Promise<Described[]> {
  const holders = await holdersOf(items, taken)
  return items.map((item) => {
    const { domain, code } = item
    if (code === undefined) return { outcome: 'created' }
    const name = linkName({ domain, code })
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

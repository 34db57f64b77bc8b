import { generateCode, isCode } from '../links/code.ts'
import { type LinkRecord, linkName } from '../links/link.ts'
import type { BulkStore, LinkDraft, Overwriting, WrittenLink } from './bulk-store.ts'
import { editsOf, type PublishedWrites } from './published-writes.ts'
import { type Attempt, writeStep } from './write-step.ts'

/** A link to be written; `code` = `undefined` = draw one. */
export type LinkItem = Omit<LinkDraft, 'code' | 'index'> & { readonly code: string | undefined }

/** What to do where a code is taken. */
export type OnTaken = 'keep' | Overwriting | 'rename'

export type WriteOutcome =
  | { readonly kind: 'created' | 'updated' | 'renamed'; readonly link: LinkRecord }
  /** `code` as it was asked for; left as it was. */
  | { readonly kind: 'taken'; readonly code: string }
  /** Every code that was tried is taken: not to be expected. */
  | { readonly kind: 'no-free-code' }

/**
 * Writes up to a thousand links; resolves to an outcome for each, in their order.
 * @param attempt `null` = at a request without Idempotency-Key. Throws `SourceUnavailable`, `ClaimLost`.
 */
export type WriteLinks = (
  items: readonly LinkItem[],
  onTaken: OnTaken,
  attempt: Attempt | null,
) => Promise<readonly WriteOutcome[]>

/** An item and the code that it is to have. */
interface Entry {
  readonly item: LinkItem
  readonly index: number
  readonly code: string
}

/**
 * Rounds of statements for those whose drawn code or suffix was taken meanwhile. With 10 million links of 1.5e12 codes one
 * draw in 150,000 collides; five in a row never do.
 */
const MAX_ROUNDS = 5

/**
 * One statement for all of them, and another one for those, if any, that need another code. Items of the same key act
 * as if they came one after the other.
 */
export function createWriteLinks(bulk: Pick<BulkStore, 'write' | 'freeSuffixes'>, writes: PublishedWrites) {
  /** @param leaseOf how to get leave to add what is created to Redis: for a single item, which is visited soon. */
  return async function writeLinks(
    items: readonly LinkItem[],
    onTaken: OnTaken,
    attempt: Attempt | null,
    leaseOf?: PublishedWrites['lease'],
  ): Promise<readonly WriteOutcome[]> {
    const outcomes: WriteOutcome[] = items.map(({ code }) =>
      code === undefined ? { kind: 'no-free-code' } : { kind: 'taken', code },
    )
    const overwrites = onTaken === 'overwrite' || onTaken === 'restore'
    let open = items.map((item, index): Entry => ({ item, index, code: item.code ?? generateCode() }))
    for (let round = 0; round < MAX_ROUNDS && open.length > 0; round++) {
      const groups = groupByName(open, ({ code }) => code)
      const drafts = groups.map(([first, ...others]): LinkDraft => {
        const { item, code } = overwrites ? (others.at(-1) ?? first) : first
        return { ...item, code, index: first.index }
      })
      const step = writeStep(attempt, round)
      const lease = drafts[0] && (await leaseOf?.(drafts[0]))
      const written = await writes.run(
        () => bulk.write(drafts, overwrites ? onTaken : 'keep', step),
        (links) => editsOf(links, lease),
      )
      // By index and not by code: an earlier attempt at this step has drawn other codes.
      const links = new Map(written.map((link) => [link.index, link]))
      for (const [index, link] of links) {
        outcomes[index] = { kind: kindOf(link, items[index]?.code), link }
      }
      const left = groups.flatMap(([first, ...others]) => {
        const link = links.get(first.index)
        if (!overwrites || link === undefined)
          return [first, ...others].filter(({ index }) => !links.has(index))
        for (const { index } of others) outcomes[index] = { kind: 'updated', link }
        return []
      })
      open = await withOtherCodes(left, onTaken)
    }
    return outcomes
  }

  /** Those that may try again, with another code. */
  async function withOtherCodes(open: readonly Entry[], onTaken: OnTaken): Promise<Entry[]> {
    const drawn = open.filter(({ item }) => item.code === undefined)
    const again = drawn.map((entry) => ({ ...entry, code: generateCode() }))
    if (onTaken !== 'rename' || drawn.length === open.length) return again
    const named = open.flatMap((entry) => {
      return entry.item.code === undefined ? [] : { ...entry, asked: entry.item.code }
    })
    const groups = groupByName(named, ({ asked }) => asked)
    const suffixes = await bulk.freeSuffixes(
      groups.map(({ 0: { item, asked }, length }) => ({ domain: item.domain, code: asked, count: length })),
    )
    const renamed = groups.flatMap((group, g) =>
      group.map(({ asked, ...entry }, i) => {
        const suffix = suffixes[g]?.[i]
        const code = `${asked}-${suffix}`
        // Without one that fits it stays as it is, and so does the number of writes, which a repetition must make too.
        return suffix !== undefined && isCode(code) ? { ...entry, code } : entry
      }),
    )
    return [...again, ...renamed]
  }
}

/** Entries of one domain and one code each, in their order. */
function groupByName<E extends Entry>(entries: readonly E[], codeOf: (entry: E) => string): [E, ...E[]][] {
  const groups = new Map<string, [E, ...E[]]>()
  for (const entry of entries) {
    const name = linkName({ domain: entry.item.domain, code: codeOf(entry) })
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [entry])
    else group.push(entry)
  }
  return [...groups.values()]
}

function kindOf({ isNew, code }: WrittenLink, asked: string | undefined): 'created' | 'updated' | 'renamed' {
  if (!isNew) return 'updated'
  return asked === undefined || asked === code ? 'created' : 'renamed'
}

import type { Attempt } from '../api/http/idempotent-responses.ts'
import { generateCode, isCode } from '../links/code.ts'
import type { LinkRecord, WrittenKey } from '../links/link.ts'
import type { LinkBatches, LinkDraft, Overwriting, WrittenLink } from './link-batches.ts'

/** A link to be written; `code` = `undefined` = draw one. */
export type WriterItem = Omit<LinkDraft, 'code' | 'index'> & { readonly code: string | undefined }

/** What to do where a code is taken. */
export type OnTaken = 'keep' | Overwriting | 'rename'

export type WriterOutcome =
  | { readonly kind: 'created' | 'updated' | 'renamed'; readonly link: LinkRecord }
  /** `code` as it was asked for; left as it was. */
  | { readonly kind: 'taken'; readonly code: string }
  /** Every code that was tried is taken: not to be expected. */
  | { readonly kind: 'no-free-code' }

export interface LinkWriterOptions {
  readonly batches: LinkBatches
  readonly publish: (written: readonly WrittenKey[]) => Promise<void>
  /** Publishes what Postgres has now of keys that earlier attempts at the request have written. */
  readonly publishRepeated: () => Promise<void>
}

/**
 * Writes up to a thousand links; resolves to an outcome for each.
 * @param attempt `null` = at a request that nobody repeats. Throws `SourceUnavailable`, `ClaimLost`.
 */
export type LinkWriter = (
  items: readonly WriterItem[],
  onTaken: OnTaken,
  attempt: Attempt | null,
) => Promise<readonly WriterOutcome[]>

/** Rounds of statements for those whose drawn code or suffix was taken meanwhile; the first one nearly always does. */
const MAX_ROUNDS = 5

/**
 * One statement for all of them, and another one for those, if any, that need another code. Items of the same key act
 * as if they came one after the other.
 */
export function createLinkWriter({ batches, publish, publishRepeated }: LinkWriterOptions): LinkWriter {
  return async function write(items, onTaken, attempt) {
    const outcomes: WriterOutcome[] = items.map(({ code }) =>
      code === undefined ? { kind: 'no-free-code' } : { kind: 'taken', code },
    )
    const overwrites = onTaken === 'overwrite' || onTaken === 'restore'
    const written: WrittenLink[] = []
    let open = items.map((item, index) => ({ item, index, code: item.code ?? generateCode() }))
    for (let round = 0; round < MAX_ROUNDS && open.length > 0; round++) {
      const groups = [...Map.groupBy(open, ({ item, code }) => nameOf(item.domain, code)).values()]
      const drafts = groups.flatMap((same) => {
        const [first, chosen] = [same[0], overwrites ? same.at(-1) : same[0]]
        if (first === undefined || chosen === undefined) return []
        return { ...chosen.item, code: chosen.code, index: first.index }
      })
      const step = attempt === null ? null : { ...attempt, step: round }
      const done = await batches.write(drafts, overwrites ? onTaken : 'keep', step)
      written.push(...done)
      // By index and not by code: an earlier attempt at this step has drawn other codes.
      const links = new Map(done.map((link) => [link.index, link]))
      for (const [index, link] of links) {
        outcomes[index] = { kind: kindOf(link, items[index]?.code), link }
      }
      open = groups.flatMap(([first, ...others]) => {
        const link = first === undefined ? undefined : links.get(first.index)
        if (overwrites && link !== undefined) {
          for (const { index } of others) outcomes[index] = { kind: 'updated', link }
          return []
        }
        return [first, ...others].flatMap((entry) =>
          entry === undefined || links.has(entry.index) ? [] : entry,
        )
      })
      open = await withOtherCodes(open, onTaken)
    }
    if (written.some(({ isRepeated }) => isRepeated)) await publishRepeated()
    await publish(written.filter(({ isRepeated }) => !isRepeated).map((link) => ({ ...link, link })))
    return outcomes
  }

  /** Those that may try again, with another code. */
  async function withOtherCodes<Entry extends { item: WriterItem; index: number; code: string }>(
    open: readonly Entry[],
    onTaken: OnTaken,
  ): Promise<Entry[]> {
    const drawn = open.filter(({ item }) => item.code === undefined)
    const again = drawn.map((entry) => ({ ...entry, code: generateCode() }))
    if (onTaken !== 'rename' || drawn.length === open.length) return again
    const named = open.filter(({ item }) => item.code !== undefined)
    const groups = [...Map.groupBy(named, ({ item }) => nameOf(item.domain, item.code ?? '')).values()]
    const wanted = groups.flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : { domain: first.item.domain, code: first.item.code ?? '', count: 1 + others.length },
    )
    const suffixes = await batches.freeSuffixes(wanted)
    const renamed = groups.flatMap((group, g) =>
      group.map((entry, i) => {
        const code = `${entry.item.code}-${suffixes[g]?.[i]}`
        // Without one that fits it stays as it is, and so does the number of writes, which a repetition must make too.
        return suffixes[g]?.[i] !== undefined && isCode(code) ? { ...entry, code } : entry
      }),
    )
    return [...again, ...renamed]
  }
}

const nameOf = (domain: string, code: string): string => `${domain}/${code}`

function kindOf({ isNew, code }: WrittenLink, asked: string | undefined): 'created' | 'updated' | 'renamed' {
  if (!isNew) return 'updated'
  return asked === undefined || asked === code ? 'created' : 'renamed'
}

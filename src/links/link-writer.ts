import { generateCode, isCode } from './code.ts'
import type { LinkKey, LinkRecord } from './link.ts'
import type { LinkBatches, LinkDraft, Overwriting, WrittenLink } from './link-batches.ts'

/** A link to be written; `code` = `undefined` = draw one. */
export type WriterItem = Omit<LinkDraft, 'code'> & { readonly code: string | undefined }

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
  readonly publish: (
    written: readonly (LinkKey & { readonly version: number; readonly link: LinkRecord | null })[],
  ) => Promise<void>
}

/** Writes up to a thousand links; resolves to an outcome for each. Throws `SourceUnavailable`. */
export type LinkWriter = (items: readonly WriterItem[], onTaken: OnTaken) => Promise<readonly WriterOutcome[]>

/** Rounds of statements for those whose drawn code or suffix was taken meanwhile; the first one nearly always does. */
const MAX_ROUNDS = 5

/**
 * One statement for all of them, and another one for those, if any, that need another code. Items of the same key act
 * as if they came one after the other.
 */
export function createLinkWriter({ batches, publish }: LinkWriterOptions): LinkWriter {
  return async function write(items, onTaken) {
    const outcomes: WriterOutcome[] = items.map(({ code }) =>
      code === undefined ? { kind: 'no-free-code' } : { kind: 'taken', code },
    )
    const overwrites = onTaken === 'overwrite' || onTaken === 'restore'
    const written: LinkRecord[] = []
    let open = items.map((item, index) => ({ item, index, code: item.code ?? generateCode() }))
    for (let round = 0; round < MAX_ROUNDS && open.length > 0; round++) {
      const byKey = Map.groupBy(open, ({ item, code }) => nameOf(item.domain, code))
      const drafts = [...byKey.values()].flatMap((same) => {
        const chosen = overwrites ? same.at(-1) : same[0]
        return chosen === undefined ? [] : { ...chosen.item, code: chosen.code }
      })
      const done = await batches.write(drafts, overwrites ? onTaken : 'keep')
      written.push(...done)
      const links = new Map(done.map((link) => [nameOf(link.domain, link.code), link]))
      open = [...byKey].flatMap(([name, [first, ...others]]) => {
        const link = links.get(name)
        const isOverwritten = overwrites && link !== undefined
        if (first !== undefined && link !== undefined) {
          outcomes[first.index] = { kind: kindOf(link, first.code, first.item.code), link }
          if (isOverwritten) for (const { index } of others) outcomes[index] = { kind: 'updated', link }
        }
        const left = isOverwritten ? [] : link === undefined ? [first, ...others] : others
        return left.flatMap((entry) => entry ?? [])
      })
      open = await withOtherCodes(open, onTaken)
    }
    await publish(written.map((link) => ({ ...link, link })))
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
      group.flatMap((entry, i) => {
        const code = `${entry.item.code}-${suffixes[g]?.[i]}`
        return suffixes[g]?.[i] !== undefined && isCode(code) ? [{ ...entry, code }] : []
      }),
    )
    return [...again, ...renamed]
  }
}

const nameOf = (domain: string, code: string): string => `${domain}/${code}`

function kindOf(
  { isNew }: WrittenLink,
  code: string,
  asked: string | undefined,
): 'created' | 'updated' | 'renamed' {
  if (!isNew) return 'updated'
  return asked === undefined || asked === code ? 'created' : 'renamed'
}

/**
 * @module
 * Postgres as linkr's adapters use it: rows, one sequence of versions, every statement atomic. The one statement that is
 * not is the insert, which draws its version before the unique index makes it wait for a delete.
 */

import type { HitTotals } from '../../src/hits/hit-totals.ts'
import { type Link, type LinkKey, linkName } from '../../src/links/link.ts'
import { type RegisterKey, registerName } from '../../src/links/register-key.ts'
import { isLater } from '../../src/registers/change-log.ts'
import type { Edit } from '../../src/registers/edit.ts'
import { type Outbox, SETTLED_FOR_MS } from '../../src/registers/outbox.ts'
import { sampleLink } from '../support/sample-link.ts'
import { fitLines, type ToldVisits } from './fit-lines.ts'

/** What a key held from one commit to the next. */
export interface State {
  readonly version: number
  readonly link: Link | null
}

export interface Written extends State {
  /** See `Edit`. */
  readonly isFirst?: boolean
}

type Synchronous<Port> = {
  [Method in keyof Port]: Port[Method] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never
}

interface Settled {
  readonly key: LinkKey
  readonly version: number
  readonly logId: string
  readonly at: number
}

export interface InMemoryPostgres {
  /** Everything that was ever committed for a key, in order. */
  history(key: LinkKey): readonly State[]
  find(key: LinkKey): Link | null
  drawVersion(): number
  /** Resolves to `null` when the key is taken. */
  insert(key: LinkKey, version: number): Written | null
  update(id: string): State | null
  delete(id: string): State | null
  readonly outbox: Synchronous<Outbox>
  readonly totals: Synchronous<HitTotals>
  readonly hits: ReadonlyMap<string, number>
  /** What is known of them. */
  readonly told: readonly ToldVisits[]
  /** Those of which nothing is known, by link id. */
  readonly unknown: ReadonlyMap<string, number>
  readonly misses: () => number
}

export function createInMemoryPostgres(now: () => number): InMemoryPostgres {
  const histories = new Map<string, State[]>()
  const outbox = new Map<string, { readonly key: LinkKey; readonly version: number }>()
  const settled = new Map<string, Settled>()
  /** What each segment counted; `null` = a batch, which counted as part of one. */
  const batches = new Map<string, ReadonlyMap<string, number> | null>()
  const hits = new Map<string, number>()
  const told: ToldVisits[] = []
  const unknown = new Map<string, number>()
  let misses = 0
  let sequence = 0
  let ids = 0

  const history = (key: LinkKey): State[] => {
    const known = histories.get(linkName(key)) ?? [{ version: 0, link: null }]
    histories.set(linkName(key), known)
    return known
  }
  const find = (key: LinkKey): Link | null => history(key).at(-1)?.link ?? null
  const keyOf = (id: string): LinkKey | undefined => {
    const known = [...histories.keys()].map((name) => ({ domain: '*', code: name.slice(2) }))
    return known.find((key) => find(key)?.id === id)
  }
  const write = (key: LinkKey, state: State): State => {
    history(key).push(state)
    return state
  }
  const editWithOutbox = (key: LinkKey, state: State): State => {
    const isOutranked = (outbox.get(linkName(key))?.version ?? 0) > state.version
    outbox.set(linkName(key), { key, version: isOutranked ? ++sequence : state.version })
    return write(key, state)
  }
  const editOf = (key: LinkKey, version: number): Edit => {
    const link = find(key)
    return { ...key, version: link?.version ?? version, link }
  }
  const linkAt = (id: string, version: number): Link =>
    sampleLink({ id, url: `https://example.com/${version}`, version })

  return {
    history,
    find,
    hits,
    told,
    unknown,
    misses: () => misses,
    drawVersion: () => ++sequence,
    insert(key, version) {
      if (find(key) !== null) return null
      const earlier = settled.get(linkName(key))
      const wasSettled = earlier !== undefined && now() - earlier.at < SETTLED_FOR_MS
      const isFirst = !outbox.has(linkName(key)) && !wasSettled
      return { ...editWithOutbox(key, { version, link: linkAt(String(++ids), version) }), isFirst }
    },
    update(id) {
      const key = keyOf(id)
      const version = ++sequence
      return key === undefined ? null : editWithOutbox(key, { version, link: linkAt(id, version) })
    },
    delete(id) {
      const key = keyOf(id)
      return key === undefined ? null : editWithOutbox(key, { version: ++sequence, link: null })
    },
    outbox: {
      current: (keys) => keys.map((key) => editOf(linkKey(key), 0)),
      pending: (limit) =>
        [...outbox.values()].slice(0, limit).map(({ key, version }) => editOf(key, version)),
      settle: (edits, logId) =>
        edits.flatMap((edit) => {
          const key = linkKey(edit)
          const row = outbox.get(linkName(key))
          const link = find(key)
          const version = Math.max(edit.version, row?.version ?? 0)
          if (link !== null && link.version < version) return [{ key, version }]
          if (row !== undefined && row.version <= edit.version) {
            outbox.delete(linkName(key))
            settled.set(linkName(key), { ...row, logId, at: now() })
          }
          return []
        }),
      depth: () => ({ depth: outbox.size, oldestAt: null }),
      reopen([oldest = '', ...logged]) {
        const lost = [...settled].filter(([name, { logId, at }]) => {
          const isKept = now() - at < SETTLED_FOR_MS && !outbox.has(name)
          return isKept && oldest !== '' && isLater(logId, oldest) && !logged.includes(logId)
        })
        for (const [name, { key, version }] of lost) outbox.set(name, { key, version })
        return lost.length
      },
      bumpAbove(bumped, claimed) {
        const key = linkKey(bumped)
        const link = find(key)
        if (link !== null && link.version >= claimed) return null
        sequence = Math.max(sequence, claimed) + 1
        const version = sequence
        outbox.set(linkName(key), { key, version })
        if (link === null) return { ...key, version, link }
        return { ...key, ...write(key, { version, link: { ...link, version } }) }
      },
    },
    totals: {
      apply(segments) {
        const report = {
          ...{ segments: 0, links: 0, hits: 0, dropped: 0, returned: 0, repeated: 0 },
          ...{ unknownVisits: 0, corruptLines: 0, unloggedVisits: 0 },
        }
        for (const { id, hits: counted, visits, newestBatches } of segments) {
          const known = batches.get(id)
          const prior =
            known === undefined ? newestBatches.map((batch) => batches.get(batch) ?? new Map()) : [known]
          const both = new Map(known)
          const news = new Map<string, number>()
          for (const [linkId, count] of counted) {
            const more = count - prior.reduce((sum, part) => sum + (part?.get(linkId) ?? 0), 0)
            both.set(linkId, Math.max(count, known?.get(linkId) ?? 0))
            // As a batch in a segment, what it counted itself is not known.
            if (known === null || more <= 0) continue
            hits.set(linkId, (hits.get(linkId) ?? 0) + more)
            news.set(linkId, more)
          }
          const lines = fitLines(visits, news, now())
          told.push(...lines.told)
          for (const [linkId, count] of lines.unknown) unknown.set(linkId, (unknown.get(linkId) ?? 0) + count)
          if (known === undefined) misses += lines.misses
          if (known !== null) batches.set(id, both)
          for (const batch of newestBatches) if (!batches.has(batch)) batches.set(batch, null)
          report.segments += known === undefined || news.size > 0 ? 1 : 0
          report.hits += sum(news)
          report.unknownVisits += sum(lines.unknown)
          report.corruptLines += lines.corrupt
        }
        return report
      },
      prune() {},
    },
  }
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0)

/** Owners in schedules edit links only. */
function linkKey(key: RegisterKey): LinkKey {
  if ('code' in key) return { domain: key.domain, code: key.code }
  throw new Error(`${registerName(key)} is no link`)
}

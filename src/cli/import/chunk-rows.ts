import { createHash } from 'node:crypto'
import type { DomainMap } from './domain-map.ts'
import type { RawLink, SourceRow } from './raw-link.ts'
import { tidyLink } from './tidy-link.ts'

/** A row that was not imported. */
export interface Reject {
  readonly line: number
  readonly reason: string
  /** As it was read, so that it can be repaired; `undefined` = it could not even be read. */
  readonly raw?: RawLink | undefined
}

export interface ChunkOptions {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly domainMap: DomainMap
}

export interface ChunkSource {
  readonly line: number
  readonly raw: RawLink
  /** What of it changes on the way here. */
  readonly notes: readonly string[]
}

/** What one request imports, with the rows around it that never get as far. */
export interface Chunk {
  readonly index: number
  /** Of each link in `json`, in that order. */
  readonly sources: readonly ChunkSource[]
  /** The links as the elements of a JSON array, without its brackets. */
  readonly json: string
  readonly rejects: readonly Reject[]
  readonly rows: number
  /** Further links of rows that have several. */
  readonly extra: number
  /** Of everything in it: tells on a resume whether this is still the same input. */
  readonly hash: string
  /** Whether the input broke off in it; a repaired input will have more here. */
  readonly broken?: { readonly error: unknown }
}

/** The API takes 1,000 links in 4 MiB; the rest of that is for escapes in transit and the other fields. */
const MAX_ROWS = 1000
const MAX_BYTES = 3 * 1024 * 1024

/**
 * Cuts rows into chunks. The same rows and options give the same chunks, which is what a resume rests on. When the input
 * breaks off, the rows before that come as a last, broken chunk.
 */
export async function* chunkRows(
  rows: AsyncIterable<SourceRow>,
  options: ChunkOptions,
): AsyncGenerator<Chunk, void> {
  let index = 0
  let open = openChunk(0)
  try {
    for await (const row of rows) {
      open.add(row, options)
      if (!open.isFull()) continue
      yield open.close()
      open = openChunk(++index)
    }
  } catch (error) {
    yield { ...open.close(), broken: { error } }
    return
  }
  if (!open.isEmpty()) yield open.close()
}

function openChunk(index: number) {
  const sources: ChunkSource[] = []
  const parts: string[] = []
  const rejects: Reject[] = []
  let bytes = 0
  let extra = 0
  return {
    add(row: SourceRow, { now, domainMap }: ChunkOptions): void {
      const { line } = row
      if ('problem' in row) return void rejects.push({ line, reason: row.problem })
      const { domain, note } = domainMap(row.raw.domain)
      if (row.isExtra === true) extra++
      // A rejected one is repaired for where the others went.
      const raw = { ...row.raw, domain }
      const tidied = tidyLink(raw, now)
      if ('problem' in tidied) return void rejects.push({ line, reason: tidied.problem, raw })
      const part = JSON.stringify(tidied.link)
      sources.push({ line, raw, notes: note === undefined ? tidied.notes : [...tidied.notes, note] })
      parts.push(part)
      bytes += Buffer.byteLength(part) + 1
    },
    isFull: () => sources.length + rejects.length >= MAX_ROWS || bytes >= MAX_BYTES,
    isEmpty: () => sources.length + rejects.length === 0,
    close(): Chunk {
      const json = parts.join(',')
      const hash = createHash('sha256').update(json)
      for (const { line, reason } of rejects) hash.update(`\n${line} ${reason}`)
      const rows = sources.length + rejects.length - extra
      return { index, sources, json, rejects, rows, extra, hash: hash.digest('hex').slice(0, 16) }
    },
  }
}

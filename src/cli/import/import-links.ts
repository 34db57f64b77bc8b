import { CliError } from '../cli-error.ts'
import { type Chunk, chunkRows, type Reject } from './chunk-rows.ts'
import type { DomainMap } from './domain-map.ts'
import { type ImportTotals, NO_TOTALS } from './import-totals.ts'
import type { Journal } from './journal.ts'
import type { SourceRow } from './raw-link.ts'
import { type SendOptions, sendChunk } from './send-chunk.ts'

export interface ImportOptions extends Omit<SendOptions, 'runId'> {
  readonly rows: AsyncIterable<SourceRow>
  readonly journal: Journal
  readonly domainMap: DomainMap
  /** Requests at once. */
  readonly inFlight: number
  readonly onProgress: (rows: number) => void
}

/** How an import ended. */
export type ImportEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'interrupted' }
  /** `fail` met a code that is taken. */
  | { readonly kind: 'conflict'; readonly conflict: Reject }
  /** The input broke off, or the server did not take it after every attempt. */
  | { readonly kind: 'failed'; readonly error: CliError }

/**
 * Sends the rows chunk by chunk. The input is read no faster than the server takes it, so a million rows need no more
 * memory than a few thousand. Never throws for what an import can meet; what was sent is always recorded first.
 * Resolves also to what was done beside the journal, and would be done again by a resume: it comes on top of its totals.
 */
export async function importLinks(
  options: ImportOptions,
): Promise<{ readonly end: ImportEnd; readonly unrecorded: ImportTotals }> {
  const { rows, journal, domainMap, inFlight, onProgress, signal, dryRun } = options
  const pending = new Set<Promise<void>>()
  let end: ImportEnd | undefined
  let unrecorded = NO_TOTALS
  let read = 0

  const send = async (chunk: Chunk): Promise<void> => {
    try {
      const { totals, rejects, conflict } = await sendChunk(chunk, { ...options, runId: journal.runId })
      journal.record(chunk, totals, rejects)
      if (conflict !== undefined && options.onConflict === 'fail' && !dryRun) {
        end ??= { kind: 'conflict', conflict }
      }
    } catch (error) {
      end ??= signal.aborted ? { kind: 'interrupted' } : { kind: 'failed', error: asCliError(error) }
    }
  }

  try {
    for await (const chunk of chunkRows(rows, { now: journal.startedAt, domainMap })) {
      if (signal.aborted) end ??= { kind: 'interrupted' }
      if (end !== undefined) break
      if (chunk.broken !== undefined) {
        end = { kind: 'failed', error: asCliError(chunk.broken.error) }
        unrecorded = await sendBroken(chunk, options)
        break
      }
      read += chunk.rows
      onProgress(read)
      if (journal.isDone(chunk)) continue
      const sent = send(chunk).finally(() => pending.delete(sent))
      pending.add(sent)
      if (pending.size >= inFlight) await Promise.race(pending)
    }
  } catch (error) {
    end ??= { kind: 'failed', error: asCliError(error) }
  }
  await Promise.all(pending)
  return { end: end ?? { kind: 'complete' }, unrecorded }
}

/**
 * The rows before a break are good and may go, but stay out of the journal: once the input is repaired the whole chunk is
 * sent. Where that would make links twice, under other codes, they wait for the repair.
 */
async function sendBroken(chunk: Chunk, options: ImportOptions): Promise<ImportTotals> {
  if (options.onConflict === 'rename' || chunk.sources.some(({ raw }) => !raw.code)) return NO_TOTALS
  return (await sendChunk(chunk, { ...options, runId: options.journal.runId })).totals
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  return new CliError(error instanceof Error ? error.message : String(error), undefined, { cause: error })
}

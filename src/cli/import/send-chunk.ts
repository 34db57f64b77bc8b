import type { ApiClient } from '../api/api-client.ts'
import { type ImportResponse, importResponse } from '../api/responses.ts'
import { CliError } from '../cli-error.ts'
import type { Chunk, Reject } from './chunk-rows.ts'
import { type ImportTotals, NO_TOTALS } from './import-totals.ts'

/** What `--on-conflict` can be. */
export const CONFLICT_MODES = ['skip', 'overwrite', 'rename', 'fail'] as const
export type ConflictMode = (typeof CONFLICT_MODES)[number]

export interface SendOptions {
  readonly api: ApiClient
  readonly runId: string
  /** `restore`: an overwrite by what linkr has exported itself, whose click totals include what it has counted. */
  readonly onConflict: ConflictMode | 'restore'
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

export interface ChunkOutcome {
  readonly totals: ImportTotals
  readonly rejects: readonly Reject[]
  /** The first row whose code was taken. */
  readonly conflict: Reject | undefined
}

/** With the longest waits, some five minutes: a restart of the server, or a database that scales up. */
const ATTEMPTS = 14

/** Imports one chunk, as often as it takes; the Idempotency-Key makes the server do it once. */
export async function sendChunk(chunk: Chunk, options: SendOptions): Promise<ChunkOutcome> {
  const { api, runId, onConflict, dryRun, signal } = options
  if (chunk.sources.length === 0) return outcomeOf(chunk, [])
  const { results } = await api.request('POST /links/import', importResponse, {
    bodyText: `{"onConflict":"${onConflict}","dryRun":${dryRun},"links":[${chunk.json}]}`,
    idempotencyKey: `import-${runId}-${chunk.index}-${chunk.hash}`,
    attempts: ATTEMPTS,
    signal,
  })
  if (results.length !== chunk.sources.length) {
    throw new CliError(`The server reported on ${results.length} of ${chunk.sources.length} links.`)
  }
  return outcomeOf(chunk, results)
}

function outcomeOf(chunk: Chunk, results: ImportResponse['results']): ChunkOutcome {
  const counts = { created: 0, updated: 0, skipped: 0, renamed: 0, rejected: chunk.rejects.length }
  const rejects = [...chunk.rejects]
  const renames: { line: number; from: string; to: string }[] = []
  const notes: Record<string, number> = {}
  let conflict: Reject | undefined
  for (const [position, result] of results.entries()) {
    // To skip what is there already loses nothing; a code that leads elsewhere is for a person to decide.
    const isLost = result.outcome === 'skipped' && result.sameDestination === false
    const outcome = isLost ? 'rejected' : result.outcome
    counts[outcome]++
    const source = chunk.sources[result.index] ?? chunk.sources[position]
    if (source === undefined || outcome === 'skipped') continue
    const { line, raw } = source
    if (outcome === 'rejected') {
      const reject = { line, reason: reasonOf(result, raw.code), raw }
      rejects.push(reject)
      if (result.problem === 'code_taken') conflict ??= reject
      continue
    }
    if (outcome === 'renamed') renames.push({ line, from: String(raw.code), to: result.code ?? '' })
    for (const text of source.notes) notes[text] = (notes[text] ?? 0) + 1
  }
  rejects.sort((a, b) => a.line - b.line)
  const shown = rejects.map(({ line, reason }) => ({ line, reason }))
  return {
    totals: { ...NO_TOTALS, ...counts, rows: chunk.rows, extra: chunk.extra, rejects: shown, renames, notes },
    rejects,
    conflict,
  }
}

type Result = ImportResponse['results'][number]

function reasonOf({ outcome, problem, errors }: Result, code: unknown): string {
  if (outcome === 'skipped') return `code "${code}" is taken by another destination`
  if (problem === 'code_taken') return `code "${code}" is taken`
  const fields = errors.map(({ path, message }) => `${path} ${message}`.trim())
  return fields.join('; ') || (problem ?? 'refused by the server')
}

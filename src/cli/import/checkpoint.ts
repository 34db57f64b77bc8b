import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'
import { CliError, UsageError } from '../cli-error.ts'
import type { Chunk } from './chunk-rows.ts'
import { importTotals } from './import-totals.ts'

const count = v.number()
const schema = v.object({
  version: v.literal(1),
  /** Names this import in its Idempotency-Keys, also after a resume. */
  runId: v.string(),
  /** Milliseconds since the epoch; the import's "now", also after a resume. */
  startedAt: count,
  /** What must not change between the attempts. */
  options: v.record(v.string(), v.string()),
  /** All chunks below this are done. */
  done: count,
  /** Of the hashes of those chunks. */
  chain: v.string(),
  /** Hashes of chunks that are done although one before them is not. */
  ahead: v.record(v.string(), v.string()),
  totals: importTotals,
  /** Where the rejects file ends; what a crash left after that is cut off. */
  rejectsBytes: count,
})

export type CheckpointState = v.InferOutput<typeof schema>

/** Where an import is remembered between attempts. */
export interface CheckpointStore {
  /** `null` = nothing to resume. */
  load(): CheckpointState | null
  /** After it returns, a crash of this process or of the machine does not lose `state`. */
  save(state: CheckpointState): void
  clear(): void
}

export const NO_CHECKPOINT: CheckpointStore = { load: () => null, save: () => {}, clear: () => {} }

/** A small JSON file, replaced as a whole, so that a crash leaves the old or the new one. */
export function fileCheckpoint(path: string): CheckpointStore {
  return {
    load() {
      let text: string
      try {
        text = readFileSync(path, 'utf8')
      } catch {
        return null
      }
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text)
      if (parsed.success) return parsed.output
      throw new UsageError(
        `${path} is no checkpoint of an import. Choose another --checkpoint, or delete it.`,
      )
    },
    save(state) {
      try {
        const draft = `${path}.tmp`
        writeFileSync(draft, JSON.stringify(state), { flush: true })
        renameSync(draft, path)
      } catch (error) {
        throw new CliError(
          `Cannot write the checkpoint ${path} (${(error as Error).message}). Name a place with --checkpoint FILE.`,
        )
      }
    },
    clear: () => rmSync(path, { force: true }),
  }
}

/** Extends a chain of hashes by one chunk. */
export function chainHash(chain: string, { hash }: Pick<Chunk, 'hash'>): string {
  return createHash('sha256')
    .update(chain + hash)
    .digest('hex')
    .slice(0, 32)
}

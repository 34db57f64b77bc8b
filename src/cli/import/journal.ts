import { randomUUID } from 'node:crypto'
import { CliError } from '../cli-error.ts'
import { type CheckpointState, type CheckpointStore, chainHash } from './checkpoint.ts'
import type { Chunk, Reject } from './chunk-rows.ts'
import { addTotals, type ImportTotals, NO_TOTALS } from './import-totals.ts'
import type { RejectSink } from './rejects-file.ts'

/** What is done of an import: written down after every chunk, in whatever order they end. */
export interface Journal {
  readonly runId: string
  /** Milliseconds since the epoch: of the first attempt. */
  readonly startedAt: number
  /** Chunks that an earlier attempt did. */
  readonly resumed: boolean
  /** Asked once for every chunk in order; an input that has changed since is refused. */
  isDone(chunk: Chunk): boolean
  record(chunk: Chunk, totals: ImportTotals, rejects: readonly Reject[]): void
  totals(): ImportTotals
  /** The import is complete: there is nothing left to resume. */
  finish(): void
}

export interface JournalOptions {
  readonly store: CheckpointStore
  readonly rejects: RejectSink
  /** Anything that would make the same rows another import. */
  readonly options: Readonly<Record<string, string>>
  readonly now: number
}

export function openJournal({ store, rejects, options, now }: JournalOptions): Journal {
  const found = store.load()
  if (found !== null) refuseOtherOptions(found, options)
  let state: CheckpointState = found ?? {
    version: 1,
    runId: randomUUID(),
    startedAt: now,
    options,
    done: 0,
    chain: '',
    ahead: {},
    totals: NO_TOTALS,
    rejectsBytes: 0,
  }
  // Before the first request: a resumed import must find the id under which that was sent.
  if (found === null) store.save(state)
  rejects.start(state.rejectsBytes)
  const { done: doneBefore, chain: chainBefore, ahead: aheadBefore } = state
  const changed = new CliError(
    'The input has changed since the import was interrupted. --restart starts from the first row.',
  )
  let seen = ''

  return {
    runId: state.runId,
    startedAt: state.startedAt,
    resumed: found !== null,
    isDone(chunk) {
      if (chunk.index < doneBefore) {
        seen = chainHash(seen, chunk)
        if (chunk.index === doneBefore - 1 && seen !== chainBefore) throw changed
        return true
      }
      const hash = aheadBefore[chunk.index]
      if (hash !== undefined && hash !== chunk.hash) throw changed
      return hash !== undefined
    },
    record(chunk, totals, rejected) {
      const rejectsBytes = rejects.append(rejected)
      const ahead: Record<string, string> = { ...state.ahead, [chunk.index]: chunk.hash }
      let { done, chain } = state
      for (let hash = ahead[done]; hash !== undefined; hash = ahead[done]) {
        delete ahead[done]
        chain = chainHash(chain, { hash })
        done++
      }
      state = { ...state, done, chain, ahead, totals: addTotals(state.totals, totals), rejectsBytes }
      store.save(state)
    },
    totals: () => state.totals,
    finish: () => store.clear(),
  }
}

function refuseOtherOptions(found: CheckpointState, options: Readonly<Record<string, string>>): void {
  const names = new Set([...Object.keys(found.options), ...Object.keys(options)])
  const different = [...names].find((name) => found.options[name] !== options[name])
  if (different === undefined) return
  throw new CliError(
    `An interrupted import of this input had ${different} "${found.options[different] ?? ''}", not ` +
      `"${options[different] ?? ''}". Finish it as it was begun, or start anew with --restart.`,
  )
}

/**
 * @module
 * The change log: a Redis stream of bounded size to which every edit is appended, and each isolate's position in it.
 */
import { SourceUnavailable } from '../errors.ts'
import type { ChangeLogNews } from '../redis/scripts/changes.ts'
import { type Change, decodeEntry, type Told } from './log-entries.ts'

/** What follows the log. */
export interface ChangeListener {
  onChange(change: Change): void
  /** Links were created that are not named: what was known not to exist may exist now. Called before, as for a gap. */
  onNewLinks(): void
  /** Anything may have changed. Called before the reader counts as synced by the same reply. */
  onGap(): void
  /** Redis has come back as it was before: it may lack edits that it had taken. A gap as well. */
  onWentBack(): void
}

export interface ChangeLogReader {
  /** Where to read on, as the script function `changes` takes it. */
  readonly cursor: () => string
  /**
   * Takes what the script function `changes` returned. Replies may overtake each other.
   * @param requestedAt when the request was sent, in milliseconds since the epoch: what was appended later may be missing.
   */
  receive(news: ChangeLogNews, requestedAt: number): void
  /** Has the log read from a position on, unless that was done a moment ago; resolves to whether Redis answered. */
  follow(read: (position: string) => Promise<ChangeLogNews>, now: number): Promise<boolean>
  /** The request failed. Perhaps there was too much to tell for a slow line, so the next one asks for less. */
  missed(): void
  /** Redis has appended an edit of this isolate, under this id. */
  published(id: string): void
  /** Everything appended before this time has been taken in; -Infinity = nothing has. */
  readonly syncedAt: () => number
}

/** No reply is overtaken by that much: the clock has been put back. */
const CLOCK_PUT_BACK_MS = 60_000
/** Reads that are due because Postgres fails need not be more frequent. */
const FOLLOW_EVERY_MS = 1_000

export function createChangeLogReader(listener: ChangeListener): ChangeLogReader {
  let cursor = ''
  /** The newest entry that is known to have been in the log. */
  let seen = ''
  let syncedAt = Number.NEGATIVE_INFINITY

  const reader: ChangeLogReader = {
    cursor: () => `${cursor} ${isLater(seen, cursor) ? seen : ''}`,
    syncedAt: () => syncedAt,
    missed() {
      cursor = ''
    },
    published(id) {
      if (isLater(id, seen)) seen = id
    },
    receive({ kind, newest, texts }, requestedAt) {
      // It has been overtaken, and everything in it is known.
      if (kind !== 'back' && cursor !== '' && newest !== '' && !isLater(newest, cursor)) {
        if (newest === cursor) advance(requestedAt)
        return
      }
      if (kind === 'back') listener.onWentBack()
      tell(kind === 'news' ? texts.map(decodeEntry) : ['anything'])
      cursor = newest
      if (kind === 'back' || isLater(newest, seen)) seen = newest
      if (newest === '') syncedAt = Number.NEGATIVE_INFINITY
      else advance(requestedAt)
    },
    async follow(read, requestedAt) {
      if (Math.abs(requestedAt - syncedAt) < FOLLOW_EVERY_MS) return true
      try {
        reader.receive(await read(reader.cursor()), requestedAt)
        return true
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return false
      }
    },
  }
  return reader

  function tell(entries: readonly Told[]): void {
    if (entries.includes('anything')) {
      listener.onGap()
      return
    }
    for (const told of entries) {
      if (told === 'new links') listener.onNewLinks()
      else if (told !== 'anything') for (const change of told) listener.onChange(change)
    }
  }

  function advance(requestedAt: number): void {
    const isPutBack = requestedAt < syncedAt - CLOCK_PUT_BACK_MS
    syncedAt = isPutBack ? requestedAt : Math.max(syncedAt, requestedAt)
  }
}

/** Ids of a stream: `<milliseconds>-<number>`, 64 bits each. */
export function isLater(id: string, than: string): boolean {
  const [a, b] = [rank(id), rank(than)]
  return a[0] === b[0] ? a[1] > b[1] : a[0] > b[0]
}

function rank(id: string): readonly [bigint, bigint] {
  const [milliseconds = '', number = ''] = id.split('-')
  return [BigInt(milliseconds), BigInt(number)]
}

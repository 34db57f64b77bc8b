/**
 * @module
 * The change log: a capped Redis stream to which every edit is appended, and each isolate's position in it.
 */
import type { RedisReply } from '../redis/client.ts'
import { MAX_CHANGES_READ } from '../redis/scripts/changes.ts'

export interface Change {
  /** The link's name; see `linkName`. */
  readonly name: string
  readonly version: number
}

/** What follows the log: the memory tier. */
export interface ChangeListener {
  onChange(change: Change): void
  /** Any link may have changed. */
  onGap(): void
}

export interface ChangeLogReader {
  /** Where to read on; '' = nothing has been read yet. */
  readonly cursor: () => string
  /**
   * Takes what the script function `changes` returned.
   * @param requestedAt when the request was sent, in milliseconds since the epoch: what was appended later may be missing.
   */
  receive(entries: RedisReply | undefined, requestedAt: number): void
  /** Everything appended before this time has been taken in; -Infinity = nothing has. */
  readonly syncedAt: () => number
}

export function createChangeLogReader(listener: ChangeListener): ChangeLogReader {
  let cursor = ''
  let syncedAt = Number.NEGATIVE_INFINITY

  return {
    cursor: () => cursor,
    syncedAt: () => syncedAt,
    receive(entries, requestedAt) {
      const received = parseEntries(entries)
      const newest = received.at(-1)
      const isComplete = cursor !== '' && received[0]?.id === cursor && received.length < MAX_CHANGES_READ
      const changes = isComplete ? received.slice(1).map(({ text }) => decodeChanges(text)) : [null]
      announce(changes, listener)
      cursor = newest?.id ?? ''
      // Answers may overtake each other; an older one proves nothing new.
      syncedAt = cursor === '' ? Number.NEGATIVE_INFINITY : Math.max(syncedAt, requestedAt)
    },
  }
}

/** More than a listener is asked to remember. */
const MAX_CHANGES_ANNOUNCED = 5_000

function announce(changes: readonly (readonly Change[] | null)[], listener: ChangeListener): void {
  const known = changes.flatMap((entry) => entry ?? [])
  if (changes.includes(null) || known.length > MAX_CHANGES_ANNOUNCED) listener.onGap()
  else for (const change of known) listener.onChange(change)
}

/** Stands for changes of any link in an entry of the log. */
const ALL_LINKS = '*'
/** An edit of more links than this makes isolates clear their memory. */
const MAX_CHANGES_NAMED = 100

export function encodeChanges(changes: readonly Change[]): string {
  if (changes.length > MAX_CHANGES_NAMED) return ALL_LINKS
  return changes.map(({ name, version }) => `${version} ${name}`).join('\n')
}

/** `null` = any link may have changed. */
export function decodeChanges(text: string): readonly Change[] | null {
  if (text === '') return []
  const changes: Change[] = []
  for (const line of text.split('\n')) {
    const [, version, name] = /^(\d+) (.+)$/.exec(line) ?? []
    if (version === undefined || name === undefined) return null
    changes.push({ name, version: Number(version) })
  }
  return changes
}

function parseEntries(reply: RedisReply | undefined): { readonly id: string; readonly text: string }[] {
  if (!Array.isArray(reply)) return []
  return reply.flatMap((entry: RedisReply) => {
    if (!Array.isArray(entry)) return []
    const [id, fields] = entry
    return typeof id === 'string' ? { id, text: Array.isArray(fields) ? String(fields[1] ?? '*') : '*' } : []
  })
}

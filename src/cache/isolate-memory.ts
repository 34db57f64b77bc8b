/**
 * @module
 * What an isolate remembers, and how far it can be trusted: by its age, by what the change log has told since, and by the
 * gaps that it had.
 */
import { BoundedCache } from './bounded-cache.ts'
import { createRecentChanges } from './recent-changes.ts'
import { MAX_REPLICA_LAG_MS, type Need } from './replica-lag.ts'

/** What was known when a load began. */
export interface Load extends Need {
  /** Milliseconds since the epoch: whatever was edited before then is in it. */
  readonly loadedAt: number
  /** Counts the loads in the order in which they began. */
  readonly order: number
  /** Counts the gaps of the change log. */
  readonly era: number
  /** The newest version that the change log had told of. */
  readonly atLeast: number
  /** Whether all edits of the last `MAX_REPLICA_LAG_MS` were told of by name. */
  readonly mayLag: boolean
}

export interface Entry<Value> extends Load {
  /** `null` = known not to exist. */
  readonly value: Value | null
  /** The era in which a refresh was begun, if it was. */
  refreshedIn?: number
}

export interface IsolateMemory<Value> {
  begin(name: string): Load
  /** Remembers what was loaded, unless something newer is known. */
  keep(name: string, entry: Entry<Value>): void
  /** What may be served at this time without asking any store. */
  servable(name: string, time: number): Entry<Value> | undefined
  /** Whatever there is, old or not, but never what the change log has told to be outdated. */
  recall(name: string): Entry<Value> | undefined
  /** Whether the change log has told of a newer version. */
  isOutdated(name: string, entry: Entry<Value>): boolean
  /** Whether an edit may have been missed since that was loaded. */
  isBeforeGap(entry: Load): boolean
  /** Whether an edit that was not told of by name may have made it old. */
  mayBeOld(entry: Entry<Value>): boolean
  /** How many gaps there have been. */
  readonly era: () => number
  /** An edit: the change log told of it, or this isolate made it itself. */
  markChanged(name: string, version: number): void
  /** Links exist now that are not named. To be called before the change log counts as synced by the same reply. */
  markNewLinks(): void
  /** Anything may have changed. To be called before the change log counts as synced by the same reply. */
  markGap(): void
  readonly size: () => number
}

export interface IsolateMemoryOptions {
  readonly now: () => number
  /** Everything edited before this time has been marked; -Infinity = nothing has. */
  readonly syncedAt: () => number
  readonly maxEntries: number
  readonly maxBytes: number
}

/** An entry is served for this long after it was loaded or the change log was read; then Redis is asked again. */
export const IN_SYNC_MS = 5_000
/** And never longer than this after it was loaded, whatever the change log says. */
const MAX_AGE_MS = 60_000
/**
 * Longer than any load takes: a load that began before an edit was read of must not bring the old value back. Shorter
 * than Redis remembers deletions.
 */
const REMEMBER_CHANGES_MS = 50_000
const MAX_CHANGES_REMEMBERED = 20_000
/** What an entry costs beside its strings, measured roughly. */
const ENTRY_OVERHEAD_BYTES = 300

export function createIsolateMemory<Value extends { readonly version: number }>(
  options: IsolateMemoryOptions,
): IsolateMemory<Value> {
  const { now, syncedAt, maxEntries, maxBytes } = options
  const entries = new BoundedCache<Entry<Value>>({
    maxEntries,
    maxBytes,
    bytesOf: (name, { value }) => ENTRY_OVERHEAD_BYTES + 2 * (name.length + charactersIn(value)),
  })
  const changed = createRecentChanges({
    now,
    rememberMs: REMEMBER_CHANGES_MS,
    maxNames: MAX_CHANGES_REMEMBERED,
  })
  /** What began to load before a gap may be older than an edit that was not told of. */
  let era = 0
  /** Until when everything is known that was edited in the era before. */
  let eraSyncedUntil = Number.NEGATIVE_INFINITY
  let lastGapAt = Number.NEGATIVE_INFINITY
  let loads = 0
  /** When the change log last told of new links, and how many loads had begun by then. */
  let newLinksAt = Number.NEGATIVE_INFINITY
  let loadsBeforeNewLinks = 0

  /** An absent value does not carry its version, but no older one was loaded. */
  const versionOf = ({ value, atLeast }: Entry<Value>): number => Math.max(value?.version ?? 0, atLeast)
  const isBeforeGap = (entry: Load): boolean => entry.era !== era
  const isOutdated = (name: string, entry: Entry<Value>): boolean =>
    changed.versionOf(name) > versionOf(entry)

  /** Clocks tell how far a replica lagged; the order of loads is right whatever clocks do. */
  const mayExistNow = ({ value, order, loadedAt }: Entry<Value>): boolean =>
    value === null && (order <= loadsBeforeNewLinks || loadedAt <= newLinksAt)

  function syncedUntil(entry: Entry<Value>): number {
    // Its own age bounds it all the same: see replica-lag.ts.
    if (mayExistNow(entry)) return Number.NEGATIVE_INFINITY
    if (entry.era === era) return syncedAt()
    return entry.era === era - 1 ? eraSyncedUntil : Number.NEGATIVE_INFINITY
  }

  return {
    size: () => entries.size,
    isOutdated,
    isBeforeGap,
    mayBeOld: (entry) => isBeforeGap(entry) || mayExistNow(entry),
    era: () => era,
    recall: (name) => entries.peek(name),
    begin(name) {
      const loadedAt = now()
      const untoldAt = Math.max(lastGapAt, changed.forgottenAt())
      const mayLag = loadedAt - untoldAt > MAX_REPLICA_LAG_MS
      return { loadedAt, order: ++loads, era, atLeast: changed.versionOf(name), mayLag }
    },

    markChanged(name, version) {
      changed.add(name, version)
      const entry = entries.peek(name)
      if (entry !== undefined && versionOf(entry) < version) entries.delete(name)
    },

    markNewLinks() {
      newLinksAt = now()
      loadsBeforeNewLinks = loads
    },

    markGap() {
      // What is there may be old now. It is refreshed when it is asked for, and kept for when no store answers.
      era++
      eraSyncedUntil = syncedAt()
      lastGapAt = now()
    },

    keep(name, entry) {
      // Loads may overtake each other: the one that began last knows best.
      const isOvertaken = (entries.peek(name)?.order ?? 0) > entry.order
      // Of the many edits since, one that was forgotten may be this link's.
      const isForgotten = entry.loadedAt <= changed.forgottenAt()
      if (isOvertaken || isForgotten || isBeforeGap(entry) || isOutdated(name, entry)) return
      entries.set(name, entry)
    },

    servable(name, time) {
      const entry = entries.get(name)
      if (entry === undefined) return undefined
      const age = time - Math.max(entry.loadedAt, syncedUntil(entry))
      // Far below zero: the clock has been put back.
      const isInSync = age < IN_SYNC_MS && age > -IN_SYNC_MS
      return isInSync && time - entry.loadedAt < MAX_AGE_MS ? entry : undefined
    },
  }
}

function charactersIn(value: object | null): number {
  let characters = 0
  for (const field of Object.values(value ?? {})) if (typeof field === 'string') characters += field.length
  return characters
}

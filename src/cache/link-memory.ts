/**
 * @module
 * What an isolate remembers of links, and how far it can be trusted: by its age, by what the change log has told since,
 * and by the gaps that it had.
 */
import { type Link, type LinkKey, linkName } from '../links/link.ts'
import { type ChangeListener, type ChangeLogReader, createChangeLogReader } from '../registers/change-log.ts'
import { BoundedCache } from './bounded-cache.ts'
import { createRecentChanges } from './recent-changes.ts'

/** What was known when a load began. */
export interface Load {
  /** Milliseconds since the epoch: whatever was edited before then is in it. */
  readonly loadedAt: number
  /** Counts the loads in the order in which they began. */
  readonly order: number
  /** Counts the gaps of the change log. */
  readonly era: number
  /** The newest version that the change log had told of. */
  readonly atLeast: number
}

export interface Entry extends Load {
  readonly link: Link | null
  /** The era in which a refresh was begun, if it was. */
  refreshedIn?: number
}

export interface LinkMemory {
  /** The isolate's position in the change log. */
  readonly changeLog: ChangeLogReader
  begin(name: string): Load
  /** Remembers what was loaded, unless something newer is known. */
  keep(name: string, entry: Entry): void
  /** What may be served without asking anybody. */
  servable(name: string): Entry | undefined
  /** Whatever there is, old or not, but never what the change log has told to be outdated. */
  recall(name: string): Entry | undefined
  /** Whether the change log has told of a newer version. */
  isOutdated(name: string, entry: Entry): boolean
  /** Whether an edit may have been missed since that was loaded. */
  isBeforeGap(entry: Load): boolean
  /** How many gaps there have been. */
  readonly era: () => number
  /** Forgets a link that this isolate has edited itself. */
  forget(key: LinkKey, version: number): void
  readonly size: () => number
}

export interface LinkMemoryOptions {
  readonly now: () => number
  readonly onWentBack: () => void
  readonly maxLinks: number
  readonly maxBytes: number
}

/** An entry is served for this long after it was loaded or the change log was read; then Redis is asked again. */
export const IN_SYNC_MS = 5_000
/** And never longer than this after it was loaded, whatever the change log says. */
const MAX_AGE_MS = 60_000
/**
 * Longer than any load takes: a load that began before an edit was read of must not bring the old link back. Shorter
 * than Redis remembers deletions.
 */
const REMEMBER_CHANGES_MS = 50_000
const MAX_CHANGES_REMEMBERED = 20_000
/** What an entry costs beside its strings, measured roughly. */
const ENTRY_OVERHEAD_BYTES = 300

/** An absent link does not carry its version, but no older one was loaded. */
const versionOf = ({ link, atLeast }: Entry): number => Math.max(link?.version ?? 0, atLeast)

export function createLinkMemory({ now, onWentBack, maxLinks, maxBytes }: LinkMemoryOptions): LinkMemory {
  const entries = new BoundedCache<Entry>({
    maxEntries: maxLinks,
    maxBytes,
    bytesOf: (name, { link }) => ENTRY_OVERHEAD_BYTES + 2 * (name.length + (link?.url.length ?? 0)),
  })
  const changed = createRecentChanges({
    now,
    rememberMs: REMEMBER_CHANGES_MS,
    maxLinks: MAX_CHANGES_REMEMBERED,
  })
  /** What began to load before a gap may be older than an edit nobody heard of. */
  let era = 0
  /** Until when everything is known that was edited in the era before. */
  let eraSyncedUntil = Number.NEGATIVE_INFINITY
  let loads = 0

  const listener: ChangeListener = {
    onChange({ name, version }) {
      changed.add(name, version)
      const entry = entries.peek(name)
      if (entry !== undefined && versionOf(entry) < version) entries.delete(name)
    },
    onGap() {
      // What is there may be old now. It is refreshed when it is asked for, and kept for when no store answers.
      era++
      eraSyncedUntil = changeLog.syncedAt()
    },
    onWentBack,
  }
  const changeLog = createChangeLogReader(listener)

  const isBeforeGap = (entry: Load): boolean => entry.era !== era
  const isOutdated = (name: string, entry: Entry): boolean => changed.versionOf(name) > versionOf(entry)

  function syncedUntil(entry: Entry): number {
    if (entry.era === era) return changeLog.syncedAt()
    return entry.era === era - 1 ? eraSyncedUntil : Number.NEGATIVE_INFINITY
  }

  return {
    changeLog,
    size: () => entries.size,
    isOutdated,
    isBeforeGap,
    era: () => era,
    recall: (name) => entries.peek(name),
    begin: (name) => ({ loadedAt: now(), order: ++loads, era, atLeast: changed.versionOf(name) }),
    forget: (key, version) => listener.onChange({ name: linkName(key), version }),

    keep(name, entry) {
      // Loads may overtake each other: the one that began last knows best.
      const isOvertaken = (entries.peek(name)?.order ?? 0) > entry.order
      if (!isOvertaken && !isBeforeGap(entry) && !isOutdated(name, entry)) entries.set(name, entry)
    },

    servable(name) {
      const entry = entries.get(name)
      if (entry === undefined) return undefined
      const time = now()
      const age = time - Math.max(entry.loadedAt, syncedUntil(entry))
      // Far below zero: the clock has been put back.
      const isInSync = age < IN_SYNC_MS && age > -IN_SYNC_MS
      return isInSync && time - entry.loadedAt < MAX_AGE_MS ? entry : undefined
    },
  }
}

import { SourceUnavailable } from '../errors.ts'
import { type Link, type LinkKey, linkName } from '../links/link.ts'
import type { LinkSource } from '../links/link-source.ts'
import type { Runtime } from '../runtime.ts'
import { BoundedCache } from './bounded-cache.ts'
import { type ChangeListener, type ChangeLogReader, createChangeLogReader } from './change-log.ts'
import { createRecentChanges } from './recent-changes.ts'
import { createSingleFlight } from './single-flight.ts'

export interface MemoryTierOptions {
  readonly origin: LinkSource
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Bounds of the cache; the defaults suit an isolate's 128 MB. */
  readonly maxLinks?: number
  readonly maxBytes?: number
}

export interface MemoryTier extends LinkSource {
  /** The isolate's position in the change log, which the hit commits move forward. */
  readonly changeLog: ChangeLogReader
  /** Forgets a link that this isolate has edited itself. */
  forget(key: LinkKey, version: number): void
  /** What `find` would resolve to without asking anybody; `undefined` = it would have to ask. */
  peek(key: LinkKey): Link | null | undefined
  /** How many links are held. */
  readonly size: () => number
}

interface Entry {
  readonly link: Link | null
  /** When its load began, in milliseconds since the epoch: whatever was edited before then is in it. */
  readonly loadedAt: number
  /** The era in which it was loaded. */
  readonly era: number
}

/** An entry is served for this long after it was loaded or the change log was read; then Redis is asked again. */
export const IN_SYNC_MS = 5_000
/** And never longer than this after it was loaded, whatever the change log says. */
const MAX_AGE_MS = 60_000
/** When neither Redis nor Postgres answers, entries that old still are better than nothing. */
const STALE_IF_ERROR_MS = 60 * 60 * 1000
/** Longer than any load takes: a load that began before an edit was read of must not bring the old link back. */
const REMEMBER_CHANGES_MS = 60_000
const MAX_CHANGES_REMEMBERED = 20_000
/** How long a request waits for another one's load of the same link. */
const PATIENCE_MS = 1_000

/** What an entry costs beside its strings, measured roughly. */
const ENTRY_OVERHEAD_BYTES = 300

/** A bounded cache of links in the isolate, served without any I/O while it is in sync with the change log. */
export function memoryTier(options: MemoryTierOptions): MemoryTier {
  const { origin, runtime, maxLinks = 20_000, maxBytes = 16 * 1024 * 1024 } = options
  const entries = new BoundedCache<Entry>({
    maxEntries: maxLinks,
    maxBytes,
    bytesOf: (name, { link }) => ENTRY_OVERHEAD_BYTES + 2 * (name.length + (link?.url.length ?? 0)),
  })
  const changed = createRecentChanges({
    now: runtime.now,
    rememberMs: REMEMBER_CHANGES_MS,
    maxLinks: MAX_CHANGES_REMEMBERED,
  })
  const share = createSingleFlight<Link | null>({ sleep: runtime.sleep, patienceMs: PATIENCE_MS })
  /** Counts the gaps of the change log: what began to load before one may be older than an edit nobody heard of. */
  let era = 0

  const listener: ChangeListener = {
    onChange({ name, version }) {
      changed.add(name, version)
      const entry = entries.peek(name)
      if (entry !== undefined && (entry.link?.version ?? 0) < version) entries.delete(name)
    },
    onGap() {
      // What is there may be old now; it is kept for when no store answers.
      era++
    },
  }
  const changeLog = createChangeLogReader(listener)

  async function load(name: string, key: LinkKey): Promise<Link | null> {
    const loadedAt = runtime.now()
    const eraAtStart = era
    const link = await origin.find(key)
    const isOutdated = changed.versionOf(name) > (link?.version ?? 0)
    // Loads may overtake each other: the one that began last knows best.
    const isOvertaken = (entries.peek(name)?.loadedAt ?? 0) > loadedAt
    if (era === eraAtStart && !isOutdated && !isOvertaken) entries.set(name, { link, loadedAt, era })
    return link
  }

  async function loadOrServeStale(name: string, key: LinkKey): Promise<Link | null> {
    try {
      return await share(name, () => {
        const loading = load(name, key)
        // Others may come to wait for it, so it goes on when the visitor who caused it leaves.
        runtime.background('cache.load_failed', loading.catch(ignoreOutage))
        return loading
      })
    } catch (error) {
      const entry = entries.peek(name)
      if (!(error instanceof SourceUnavailable) || entry === undefined) throw error
      if (runtime.now() - entry.loadedAt > STALE_IF_ERROR_MS) throw error
      return entry.link
    }
  }

  function peek(name: string): Link | null | undefined {
    const entry = entries.get(name)
    if (entry === undefined || entry.era !== era) return undefined
    const now = runtime.now()
    const knownGoodAt = Math.max(entry.loadedAt, changeLog.syncedAt())
    return now - knownGoodAt < IN_SYNC_MS && now - entry.loadedAt < MAX_AGE_MS ? entry.link : undefined
  }

  return {
    changeLog,
    size: () => entries.size,
    forget(key, version) {
      listener.onChange({ name: linkName(key), version })
    },
    peek: (key) => peek(linkName(key)),
    async find(key) {
      const name = linkName(key)
      const known = peek(name)
      return known === undefined ? loadOrServeStale(name, key) : known
    },
  }
}

/** The request that asked is told; nobody else needs to hear of it. */
function ignoreOutage(error: unknown): void {
  if (!(error instanceof SourceUnavailable)) throw error
}

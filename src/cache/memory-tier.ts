import { SourceUnavailable } from '../errors.ts'
import { type Link, type LinkKey, linkName } from '../links/link.ts'
import type { LinkSource } from '../links/link-source.ts'
import type { RedisReply } from '../redis/client.ts'
import type { Runtime } from '../runtime.ts'
import { BoundedCache } from './bounded-cache.ts'
import { type ChangeListener, type ChangeLogReader, createChangeLogReader } from './change-log.ts'
import { createRecentChanges } from './recent-changes.ts'
import { createSingleFlight } from './single-flight.ts'

export interface MemoryTierOptions {
  readonly origin: LinkSource
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Reads the change log from a cursor on. Throws `SourceUnavailable` when Redis fails. */
  readonly readChanges: (cursor: string) => Promise<RedisReply>
  /** Redis has come back as it was before. */
  readonly onWentBack: () => void
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

/** What was known when a load began. */
interface Load {
  /** Milliseconds since the epoch: whatever was edited before then is in it. */
  readonly loadedAt: number
  /** Counts the loads in the order in which they began. */
  readonly order: number
  /** Counts the gaps of the change log. */
  readonly era: number
  /** The newest version that the change log had told of. */
  readonly atLeast: number
}

interface Entry extends Load {
  readonly link: Link | null
  /** The era in which a refresh was begun, if it was. */
  refreshedIn?: number
}

/** An absent link does not carry its version, but no older one was loaded. */
const versionOf = ({ link, atLeast }: Entry): number => Math.max(link?.version ?? 0, atLeast)

/** An entry is served for this long after it was loaded or the change log was read; then Redis is asked again. */
const IN_SYNC_MS = 5_000
/** And never longer than this after it was loaded, whatever the change log says. */
const MAX_AGE_MS = 60_000
/** When neither Redis nor Postgres answers, entries that old still are better than nothing. */
const STALE_IF_ERROR_MS = 60 * 60 * 1000
/**
 * Longer than any load takes: a load that began before an edit was read of must not bring the old link back. Shorter
 * than Redis remembers deletions.
 */
const REMEMBER_CHANGES_MS = 50_000
const MAX_CHANGES_REMEMBERED = 20_000
/** How long a request waits for another one's load of the same link, and how old such a load may be. */
const PATIENCE_MS = 1_000
/** A link that is edited again during each of so many loads cannot be told. */
const MAX_LOADS = 5
/** Who asks for the change log because Postgres fails asks no more often. */
const FOLLOW_EVERY_MS = 1_000

/** What an entry costs beside its strings, measured roughly. */
const ENTRY_OVERHEAD_BYTES = 300

/** A bounded cache of links in the isolate, served without any I/O while it is in sync with the change log. */
export function memoryTier(options: MemoryTierOptions): MemoryTier {
  const { origin, runtime, readChanges, onWentBack, maxLinks = 20_000, maxBytes = 16 * 1024 * 1024 } = options
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
  const share = createSingleFlight<Entry, Load>({
    sleep: runtime.sleep,
    patienceMs: PATIENCE_MS,
    canJoin: (running, { era, atLeast, loadedAt }) =>
      running.era === era && running.atLeast >= atLeast && loadedAt - running.loadedAt <= PATIENCE_MS,
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

  const isOutdated = (name: string, entry: Entry): boolean => changed.versionOf(name) > versionOf(entry)
  const newLoad = (name: string): Load => {
    return { loadedAt: runtime.now(), order: ++loads, era, atLeast: changed.versionOf(name) }
  }

  async function load(name: string, key: LinkKey, begun: Load): Promise<Entry> {
    const entry = { ...begun, link: await origin.find(key, begun.atLeast) }
    // Loads may overtake each other: the one that began last knows best.
    const isOvertaken = (entries.peek(name)?.order ?? 0) > entry.order
    if (era === entry.era && !isOutdated(name, entry) && !isOvertaken) entries.set(name, entry)
    return entry
  }

  function loadOrJoin(name: string, key: LinkKey): Promise<Entry> {
    const wanted = newLoad(name)
    return share(name, wanted, () => {
      const loading = load(name, key, wanted)
      // Others may come to wait for it, so it goes on when the visitor who caused it leaves.
      runtime.background('cache.load_failed', loading.catch(ignoreOutage))
      return loading
    })
  }

  /** What is known to be outdated is not returned, whoever loaded it. */
  async function loadCurrent(name: string, key: LinkKey): Promise<Link | null> {
    for (let tries = 1; tries <= MAX_LOADS; tries++) {
      const entry = await loadOrJoin(name, key)
      // After a gap nobody knows; a second look is enough, since it began after the request.
      const isDoubtful = entry.era !== era && tries === 1
      if (!isOutdated(name, entry) && !isDoubtful) return entry.link
    }
    throw new SourceUnavailable('redis', new Error(`edited again during each of ${MAX_LOADS} loads`))
  }

  /**
   * Postgres fails, and Redis has no register. If Redis can be asked at all, its change log decides: only without a gap
   * since the load is the entry as good as ever.
   */
  async function remembered(name: string, failure: SourceUnavailable): Promise<Link | null> {
    const isInformed = await followChanges()
    const entry = entries.peek(name)
    if (entry === undefined || (isInformed && entry.era !== era)) throw failure
    if (runtime.now() - entry.loadedAt > STALE_IF_ERROR_MS) throw failure
    return entry.link
  }

  /** Resolves to whether the change log has been read now or a moment ago. */
  async function followChanges(): Promise<boolean> {
    const requestedAt = runtime.now()
    if (Math.abs(requestedAt - changeLog.syncedAt()) < FOLLOW_EVERY_MS) return true
    try {
      changeLog.receive(await readChanges(changeLog.cursor()), requestedAt)
      return true
    } catch (error) {
      ignoreOutage(error)
      return false
    }
  }

  function peek(key: LinkKey): Link | null | undefined {
    const name = linkName(key)
    const entry = entries.get(name)
    if (entry === undefined) return undefined
    if (entry.era !== era) return peekBeforeGap(name, key, entry)
    return isWithinBound(entry, changeLog.syncedAt()) ? entry.link : undefined
  }

  function isWithinBound({ loadedAt }: Entry, syncedAt: number): boolean {
    const now = runtime.now()
    const age = now - Math.max(loadedAt, syncedAt)
    // Far below zero: the clock has been put back.
    return age < IN_SYNC_MS && age > -IN_SYNC_MS && now - loadedAt < MAX_AGE_MS
  }

  /** No gap makes a redirect wait: the entry is refreshed in the background, as long as it is within the bound. */
  function peekBeforeGap(name: string, key: LinkKey, entry: Entry): Link | null | undefined {
    const syncedAt = entry.era === era - 1 ? eraSyncedUntil : Number.NEGATIVE_INFINITY
    if (!isWithinBound(entry, syncedAt)) return undefined
    if (entry.refreshedIn !== era) {
      entry.refreshedIn = era
      void loadOrJoin(name, key).catch(ignoreOutage)
    }
    return entry.link
  }

  return {
    changeLog,
    size: () => entries.size,
    forget(key, version) {
      listener.onChange({ name: linkName(key), version })
    },
    peek,
    async find(key) {
      const known = peek(key)
      if (known !== undefined) return known
      const name = linkName(key)
      try {
        return await loadCurrent(name, key)
      } catch (error) {
        if (!(error instanceof SourceUnavailable)) throw error
        return remembered(name, error)
      }
    },
  }
}

/** The request that asked is told; nobody else needs to hear of it. */
function ignoreOutage(error: unknown): void {
  if (!(error instanceof SourceUnavailable)) throw error
}

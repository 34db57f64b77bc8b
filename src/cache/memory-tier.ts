import { SourceUnavailable } from '../errors.ts'
import { type Link, type LinkKey, linkName } from '../links/link.ts'
import type { LinkSource } from '../links/link-source.ts'
import type { ChangeLogNews } from '../redis/scripts/changes.ts'
import type { ChangeLogReader } from '../registers/change-log.ts'
import type { Runtime } from '../runtime.ts'
import { createLinkMemory, type Entry, type Load } from './link-memory.ts'
import { createSingleFlight } from './single-flight.ts'

export interface MemoryTierOptions {
  readonly origin: LinkSource
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'background'>
  /** Reads the change log from a cursor on. Throws `SourceUnavailable` when Redis fails. */
  readonly readChanges: (cursor: string) => Promise<ChangeLogNews>
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

/** When neither Redis nor Postgres answers, entries that old still are better than nothing. */
const STALE_IF_ERROR_MS = 60 * 60 * 1000
/** How long a request waits for another one's load of the same link, and how old such a load may be. */
const PATIENCE_MS = 1_000
/** A link that is edited again during each of so many loads cannot be told. */
const MAX_LOADS = 5
/** Who asks for the change log because Postgres fails asks no more often. */
const FOLLOW_EVERY_MS = 1_000

/** A bounded cache of links in the isolate, served without any I/O while it is in sync with the change log. */
export function memoryTier(options: MemoryTierOptions): MemoryTier {
  const { origin, runtime, readChanges, onWentBack, maxLinks = 20_000, maxBytes = 16 * 1024 * 1024 } = options
  const memory = createLinkMemory({ now: runtime.now, onWentBack, maxLinks, maxBytes })
  const share = createSingleFlight<Entry, Load>({
    sleep: runtime.sleep,
    patienceMs: PATIENCE_MS,
    canJoin: (running, { era, atLeast, loadedAt }) =>
      running.era === era && running.atLeast >= atLeast && loadedAt - running.loadedAt <= PATIENCE_MS,
  })

  async function load(name: string, key: LinkKey, begun: Load): Promise<Entry> {
    const entry = { ...begun, link: await origin.find(key, begun.atLeast) }
    memory.keep(name, entry)
    return entry
  }

  function loadOrJoin(name: string, key: LinkKey): Promise<Entry> {
    const wanted = memory.begin(name)
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
      // After a gap nobody knows whether it is. A second look is enough.
      const isDoubtful = memory.isBeforeGap(entry) && tries === 1
      if (!memory.isOutdated(name, entry) && !isDoubtful) return entry.link
    }
    throw new SourceUnavailable('redis', new Error(`edited again during each of ${MAX_LOADS} loads`))
  }

  /**
   * Postgres fails, and Redis has no register. If Redis can be asked at all, its change log decides: only without a gap
   * since the load is the entry as good as ever.
   */
  async function remembered(name: string, failure: SourceUnavailable): Promise<Link | null> {
    const isInformed = await followChanges()
    const entry = memory.recall(name)
    if (entry === undefined || (isInformed && memory.isBeforeGap(entry))) throw failure
    if (runtime.now() - entry.loadedAt > STALE_IF_ERROR_MS) throw failure
    return entry.link
  }

  /** Resolves to whether the change log has been read now or a moment ago. */
  async function followChanges(): Promise<boolean> {
    const requestedAt = runtime.now()
    if (Math.abs(requestedAt - memory.changeLog.syncedAt()) < FOLLOW_EVERY_MS) return true
    try {
      memory.changeLog.receive(await readChanges(memory.changeLog.cursor()), requestedAt)
      return true
    } catch (error) {
      ignoreOutage(error)
      return false
    }
  }

  function peek(key: LinkKey): Link | null | undefined {
    const name = linkName(key)
    const entry = memory.servable(name)
    if (entry === undefined) return undefined
    if (memory.isBeforeGap(entry)) refresh(name, key, entry)
    return entry.link
  }

  /** In the background, so that no gap makes a redirect wait. */
  function refresh(name: string, key: LinkKey, entry: Entry): void {
    const era = memory.era()
    if (entry.refreshedIn === era) return
    entry.refreshedIn = era
    void loadOrJoin(name, key).catch(ignoreOutage)
  }

  return {
    changeLog: memory.changeLog,
    size: memory.size,
    forget: memory.forget,
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

/**
 * @module
 * Notes visits while they are redirected, and describes them when their hits are about to be sent.
 */
import type { SettingsFinder } from '../cache/settings-finder.ts'
import { hostOfUrl } from '../links/host.ts'
import type { LinkKey } from '../links/link.ts'
import { describeError, log } from '../log.ts'
import { createVisitDescriber, type DescribeVisit } from './describe-visit.ts'
import { createKnownSettings } from './known-settings.ts'
import { loadUserAgents } from './user-agent.ts'
import { DAY_MS } from './visit.ts'
import { createVisitLines, type VisitLines } from './visit-lines.ts'
import { createVisitorKeys, type VisitorKeyStore } from './visitor-keys.ts'

/** What is kept of a request until its visit is described. */
export type VisitRequest = Pick<Request, 'headers' | 'url' | 'cf'>

/** An isolate's visits, from the redirect to the batch of hits that takes them along. */
export interface VisitGatherer {
  /**
   * On the hot path: notes a counted hit, to be described later.
   * @param at now, from a caller that has already read the clock.
   */
  note(linkId: string, request: VisitRequest, at?: number): void
  noteMiss(key: LinkKey): void
  /** Fetches what describing needs: the day's key of visitor numbers, and the settings of domains. Never rejects. */
  prepare(): Promise<void>
  /** Everything noted since the last time, described. */
  take(): VisitLines
  /** Hands back what could not be sent. */
  putBack(lines: VisitLines): void
  /** Whether anything waits. */
  readonly isEmpty: () => boolean
}

export interface VisitGathererOptions {
  readonly visitorKeys: VisitorKeyStore
  readonly settings: SettingsFinder
  /** Hosts whose pages count as no referrer, beside the one that a request came to. */
  readonly ownHosts: ReadonlySet<string>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Note {
  readonly linkId: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly request: VisitRequest
}

/** So many are described at once, in the middle of a window: a request takes some KB. */
const MAX_NOTED = 1_000
/** In the first window of an isolate nothing can tell people from bots yet. */
const MAX_NOTED_UNPREPARED = 5_000
/**
 * So many wait, described, while no store takes them: four times what a batch has room for, since each attempt encodes them
 * all, which takes 30 to 100 ms of CPU. Postgres counts hits beyond that as visits of which nothing is known.
 */
const MAX_WAITING = 20_000

export function createVisitGatherer(options: VisitGathererOptions): VisitGatherer {
  const { settings, ownHosts, now } = options
  const visitorKeys = createVisitorKeys(options.visitorKeys)
  const knownSettings = createKnownSettings({ settings, now })
  let describeVisit: DescribeVisit | undefined
  let notes: Note[] = []
  let lines = createVisitLines()
  /** Visits in `lines`. */
  let described = 0
  let leftOut = 0
  let unnumbered = 0
  /** Why one of those left out could not be described. */
  let undescribable: string | undefined

  function describeNotes(): void {
    if (describeVisit === undefined || described + notes.length > MAX_WAITING) leftOut += notes.length
    else for (const note of notes) describe(note, describeVisit)
    notes = []
  }

  /** One that cannot be described does not hold up the others, nor the hits. */
  function describe({ linkId, at, request }: Note, describeVisit: DescribeVisit): void {
    try {
      const here = hostOfUrl(request.url)
      const visitorKey = visitorKeys.peek(dayOf(at))
      const visit = describeVisit(request, {
        settings: knownSettings.of(here),
        visitorKey,
        isOwnHost: (host) => host === here || ownHosts.has(host),
      })
      if (visitorKey === null && !visit.isBot) unnumbered++
      lines.add({ linkId, at: at / 1_000, ...visit })
      described++
    } catch (error) {
      if (undescribable === undefined) undescribable = describeError(error)
      leftOut++
    }
  }

  async function load(): Promise<void> {
    try {
      describeVisit ??= createVisitDescriber(await loadUserAgents())
    } catch (error) {
      log.error('visits.no_user_agents', { error: describeError(error) })
    }
  }

  return {
    note(linkId, request, at = now()) {
      if (notes.length >= MAX_NOTED && describeVisit !== undefined) describeNotes()
      if (notes.length >= MAX_NOTED_UNPREPARED) leftOut++
      else notes.push({ linkId, at, request })
    },

    noteMiss: ({ domain, code }) => lines.addMiss({ domain, code, at: now() / 1_000 }),

    async prepare() {
      const days = new Set(notes.map(({ at }) => dayOf(at)))
      const hosts = new Set(notes.map(({ request }) => hostOfUrl(request.url)))
      await Promise.all([load(), knownSettings.fetch(hosts), ...[...days].map(visitorKeys.fetch)])
    },

    take() {
      describeNotes()
      if (leftOut > 0) log.warn('visits.left_out', { visits: leftOut, error: undescribable ?? null })
      if (unnumbered > 0) log.warn('visits.unnumbered', { visits: unnumbered })
      const taken = lines
      lines = createVisitLines()
      described = leftOut = unnumbered = 0
      undescribable = undefined
      return taken
    },

    putBack(back) {
      const visits = visitsIn(back)
      if (described + visits > MAX_WAITING) {
        leftOut += visits
        lines.merge({ lines: new Map(), misses: back.misses })
        return
      }
      lines.merge(back)
      described += visits
    },

    isEmpty: () => notes.length === 0 && lines.isEmpty(),
  }
}

const dayOf = (at: number): number => Math.floor(at / DAY_MS)

function visitsIn(lines: VisitLines): number {
  let visits = 0
  for (const { hits } of lines.lines.values()) visits += hits
  return visits
}

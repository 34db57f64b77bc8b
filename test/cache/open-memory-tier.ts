import { type MemoryTier, memoryTier } from '../../src/cache/memory-tier.ts'
import type { Link, LinkKey } from '../../src/links/link.ts'
import type { RedisReply } from '../../src/redis/client.ts'
import { type ChangeLogNews, parseNews } from '../../src/redis/scripts/changes.ts'
import { createChangeLogReader } from '../../src/registers/change-log.ts'
import { sampleLink } from '../support/sample-link.ts'

export const key = { domain: '*', code: 'a' }

export const linkOf = (version: number): Link =>
  sampleLink({ url: `https://example.com/${version}`, version })

interface MemoryTierSituation {
  readonly maxEntries?: number
  /** By how much the replica lags that loads are answered from. */
  readonly lagMs?: number
}

/** A memory tier over an origin and a change log that the test controls, in virtual time. */
export function openMemoryTier({ lagMs = 0, ...options }: MemoryTierSituation = {}) {
  let time = 1_000_000
  let current: Link | null | Error = linkOf(1)
  let logged: RedisReply | Error = new Error('not asked')
  let wentBack = 0
  /** The version that each load asked for at least. */
  const loads: number[] = []
  /** Whether each load could make do with a replica. */
  const lagging: boolean[] = []
  let gate: Promise<void> | null = null
  const sleepers: { readonly at: number; readonly wake: () => void }[] = []
  const now = () => time
  const tier: MemoryTier<LinkKey, Link> = memoryTier({
    ...options,
    runtime: {
      now,
      sleep: (ms) => new Promise((wake) => sleepers.push({ at: time + ms, wake })),
      background: () => {},
    },
    origin: {
      async find(_key, { atLeast, mayLag }) {
        loads.push(atLeast)
        lagging.push(mayLag)
        const answer = current
        await gate
        if (answer instanceof Error) throw answer
        return { value: answer, lagMs: mayLag ? lagMs : 0 }
      },
    },
    syncedAt: () => changeLog.syncedAt(),
    followChanges: () => changeLog.follow(readChanges, now()),
  })
  const changeLog = createChangeLogReader({
    onChange: ({ name, version }) => tier.markChanged(name, version),
    onNewLinks: tier.markNewLinks,
    onGap: tier.markGap,
    onWentBack: () => wentBack++,
  })
  async function readChanges(): Promise<ChangeLogNews> {
    if (logged instanceof Error) throw logged
    return parseNews(logged)
  }
  let entries = 1
  /** The change log is read, and has news. */
  const sync = (...texts: string[]): void => {
    entries += texts.length
    changeLog.receive(parseNews(['news', `${entries}-0`, ...texts]), time)
  }
  /** It is read, but does not tell of everything. */
  const gap = (): void => changeLog.receive(parseNews(['gap', `${++entries}-0`]), time)
  gap()
  return {
    tier,
    changeLog,
    sync,
    gap,
    loads,
    lagging,
    wentBack: () => wentBack,
    now,
    set(value: Link | null | Error) {
      current = value
    },
    /** The reply to a read of the change log. */
    answerWith(reply: RedisReply | Error) {
      logged = reply
    },
    newest: () => `${entries}-0`,
    /** Holds back the answers of loads that begin from now on; what they found is settled. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        if (gate === promise) gate = null
        resolve()
      }
    },
    /** Loads that begin from now on are answered at once. */
    letPass() {
      gate = null
    },
    async advance(ms: number) {
      time += ms
      for (const { at, wake } of sleepers) if (at <= time) wake()
      await settle()
    },
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Faults } from '../support/faults.ts'
import type { Stores } from '../support/stores.ts'
import type { Random } from './random.ts'

export type StoreName = 'redis' | 'postgres'

/** Which store was in trouble when: what an answer may be excused with. Times are milliseconds since the epoch. */
export interface Weather {
  /** Whether the store was in trouble at some time from `from` to `to`. */
  wasBad(store: StoreName, from: number, to: number): boolean
  /** The first moment from `from` on, and before `now`, at which the store had been well for `lasting`; else Infinity. */
  wellSince(store: StoreName, from: number, lasting: number, now: number): number
  /** Faults begun so far, for the report. */
  readonly spells: readonly string[]
  /** Until `stop`; then every fault has ended. */
  run(): Promise<void>
  stop(): void
}

interface Spell {
  readonly store: StoreName
  readonly from: number
  to: number
}

/** A test process that stalls for longer than this has made the stores stall, which live in it. */
const STALL_MS = 250
const TICK_MS = 50
/** Now and then nothing goes wrong for long enough to check the bounds without excuses. */
const LULL_MS = 10_000

export function createWeather(stores: Stores, random: Random): Weather {
  const spells: Spell[] = []
  const report: string[] = []
  let isOver = false
  let isLull = false

  async function troubles(store: StoreName, faults: Faults, chance: Random): Promise<void> {
    while (!isOver) {
      await pause(
        chance.pick([chance.whole(300, 3_000), chance.whole(3_000, 8_000), chance.whole(8_000, 15_000)]),
      )
      while (isLull && !isOver) await sleep(TICK_MS)
      if (isOver) return
      const fault = drawFault(chance)
      const share = chance.pick([1, 0.5, 0.1])
      const lasting = chance.pick([chance.whole(200, 1_000), chance.whole(1_000, 5_000)])
      report.push(`${store} ${JSON.stringify(fault)} strikes ${share} for ${lasting} ms`)
      const spell: Spell = { store, from: Date.now(), to: Number.POSITIVE_INFINITY }
      spells.push(spell)
      faults.inject(fault, () => chance.next() < share)
      await pause(lasting, () => isLull)
      faults.heal()
      // What has been held up still has to arrive.
      const delay = fault.kind === 'delay' ? fault.ms : 0
      spell.to = Date.now() + delay
    }
  }

  async function watchForStalls(): Promise<void> {
    let last = Date.now()
    while (!isOver) {
      await sleep(TICK_MS)
      const now = Date.now()
      if (now - last > STALL_MS) {
        for (const store of ['redis', 'postgres'] as const) spells.push({ store, from: last, to: now })
      }
      last = now
    }
  }

  async function lulls(chance: Random): Promise<void> {
    while (!isOver) {
      await pause(chance.whole(5_000, 15_000))
      isLull = true
      await pause(LULL_MS)
      isLull = false
    }
  }

  async function pause(ms: number, isCutShort = () => false): Promise<void> {
    for (const until = Date.now() + ms; Date.now() < until && !isOver && !isCutShort(); ) await sleep(TICK_MS)
  }

  return {
    spells: report,
    wasBad: (name, from, to) =>
      spells.some((spell) => spell.store === name && spell.from <= to && spell.to >= from),
    wellSince(name, from, lasting, now) {
      let start = from
      for (;;) {
        const spell = spells.find(
          ({ store, from: begin, to }) => store === name && begin <= start + lasting && to >= start,
        )
        if (spell === undefined) return start + lasting <= now ? start + lasting : Number.POSITIVE_INFINITY
        if (spell.to === Number.POSITIVE_INFINITY) return spell.to
        start = spell.to + 1
      }
    },
    async run() {
      await Promise.all([
        troubles('redis', stores.redisFaults, random.fork()),
        troubles('postgres', stores.postgresFaults, random.fork()),
        lulls(random.fork()),
        watchForStalls(),
      ])
    },
    stop() {
      isOver = true
    },
  }
}

function drawFault(random: Random): Fault {
  return random.pick<Fault>([
    { kind: 'refuse' },
    { kind: 'drop-answer' },
    { kind: 'half-answer' },
    { kind: 'hang' },
    { kind: 'status', status: random.pick([500, 502, 503]) },
    { kind: 'delay', ms: random.whole(50, 600) },
    { kind: 'delay', ms: random.whole(600, 2_500) },
  ])
}

/**
 * @module
 * Two isolates that count hits, the crons that flush them, and what may befall them.
 */
import fc from 'fast-check'
import { ignoreOutage } from './edge.ts'
import { type Hits, type Isolate, startIsolate } from './isolate.ts'
import { invokeWithin } from './platform.ts'
import type { World } from './world.ts'

export const deeds = fc.array(
  fc.record({
    does: fc.constantFrom('hit', 'hit', 'hit', 'flush', 'miss'),
    slot: fc.nat({ max: 1 }),
    id: fc.constantFrom('1', '2', '3'),
    /** Few, which an isolate gathers for longer, or enough for a commit. */
    times: fc.constantFrom(1, 1, 1, 40),
    /** What an invocation that flushes may send: more than any does, or so few that it is cut short. */
    requests: fc.constantFrom(1_000, 1_000, 1, 2, 3, 4, 5),
  }),
  { maxLength: 8 },
)
export type Deed = typeof deeds extends fc.Arbitrary<(infer Item)[]> ? Item : never

export const events = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(100, 400, 1_000, 1_000, 1_000, 2_500, 11_000, 36_000) },
    { weight: 1, arbitrary: fc.constantFrom('Redis down', 'Redis mute', 'Redis up', 'isolate dies') },
    { weight: 1, arbitrary: fc.constantFrom('backup', 'Redis goes back', 'Postgres down', 'Postgres up') },
  ),
  { maxLength: 12 },
)
export type Event = typeof events extends fc.Arbitrary<(infer Item)[]> ? Item : never

/** Hits by link. */
type Tally = Map<string, number>

export interface Traffic {
  readonly isolates: Isolate[]
  act(list: readonly Deed[]): Promise<void>
  befall(event: Event): Promise<void>
  hit(isolate: Isolate, id: string): void
  /** The cron, in an isolate of its own. */
  cron(): Promise<unknown>
  /** Hits that were counted in an isolate. Of each a UTM source tells which one it was. */
  readonly recorded: Tally
  readonly recordedMisses: () => number
  /** Whether something befell the stores or the isolates that may cost hits, or what is known of them. */
  readonly losses: ReadonlySet<'Redis goes back' | 'isolate dies'>
  /**
   * Hits that must not be lost: all but those that died with an isolate which no store had told to have them, and those
   * that Redis got after the moment to which it went back.
   */
  readonly secured: () => Tally
}

/** Of a bot nothing would be kept that tells its visits apart. */
const BROWSER = new Headers({
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'CF-Connecting-IP': '192.0.2.1',
})

/** Small, so that segments are sealed by commits too. */
const SEAL_AT_LINKS = 2

export function openTraffic(world: World): Traffic {
  const { clock, network, redis } = world
  const recorded: Tally = new Map()
  const losses = new Set<'Redis goes back' | 'isolate dies'>()
  let visits = 0
  let recordedMisses = 0
  const lostAtMost: Tally = new Map()
  const unconfirmed = new Map<Isolate, Tally>()
  let backup = redis.snapshot()
  let addedSinceBackup: Tally = new Map()

  const open = (describesAlone: boolean): Isolate => {
    const waiting: Tally = new Map()
    const isolate = startIsolate(world, {
      ...{ sealAtLinks: SEAL_AT_LINKS, describesAlone },
      onCommitted: (hits) => addTo(waiting, hits, -1),
      onAdded: (hits) => addTo(addedSinceBackup, hits),
    })
    unconfirmed.set(isolate, waiting)
    return isolate
  }
  const isolates = [open(true), open(false)]

  function hit(isolate: Isolate, id: string): void {
    addTo(recorded, [[id, 1]])
    addTo(unconfirmed.get(isolate) ?? new Map(), [[id, 1]])
    const url = `https://h/x?utm_source=${++visits}`
    isolate.hits.record(id, { url, headers: BROWSER })
  }

  return {
    isolates,
    recorded,
    recordedMisses: () => recordedMisses,
    losses,
    hit,
    cron: () => startIsolate(world).flush(),
    secured() {
      const secured = new Map(recorded)
      addTo(secured, lostAtMost, -1)
      return secured
    },
    async act(list) {
      for (const { does, slot, id, times, requests } of list) {
        await world.step(`${does} ${does === 'hit' ? `${id} x ${times}` : ''} at ${slot}`)
        const isolate = isolates[slot]
        if (isolate === undefined) continue
        if (does === 'hit') for (let i = 0; i < times; i++) hit(isolate, id)
        else if (does === 'miss') {
          recordedMisses++
          isolate.hits.recordMiss({ domain: '*', code: id })
        } else await invokeWithin(requests, () => isolate.flush()).catch(ignoreOutage)
      }
    },
    async befall(event) {
      if (typeof event === 'number') return clock.advance(event)
      if (event === 'Redis down') return network.impose('redis', 'refused')
      if (event === 'Redis mute') return network.impose('redis', 'answer lost')
      if (event === 'Redis up') return network.impose('redis', null)
      if (event === 'Postgres down') return network.impose('postgres', 'refused')
      if (event === 'Postgres up') return network.impose('postgres', null)
      if (event === 'backup') {
        backup = redis.snapshot()
        addedSinceBackup = new Map()
        return
      }
      if (event === 'Redis goes back') {
        redis.restore(backup)
        losses.add(event)
        addTo(lostAtMost, addedSinceBackup)
        return
      }
      const [first] = isolates.splice(0, 1)
      isolates.push(open(true))
      if (first === undefined) return
      first.life.isAlive = false
      losses.add(event)
      addTo(lostAtMost, unconfirmed.get(first) ?? [])
    },
  }
}

function addTo(tally: Tally, hits: Hits, sign = 1): void {
  for (const [id, count] of hits) tally.set(id, (tally.get(id) ?? 0) + sign * count)
}

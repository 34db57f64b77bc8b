/**
 * @module
 * Two isolates over one Redis and one Postgres, the owners and visitors who use them, and what may befall them.
 */
import { SourceUnavailable } from '../../src/errors.ts'
import type { LinkKey } from '../../src/links/link.ts'
import type { Deed, Event, Task } from './happenings.ts'
import type { State } from './in-memory-postgres.ts'
import { type Isolate, KEYS, startIsolate } from './isolate.ts'
import { createJournal, isSame } from './journal.ts'
import type { World } from './world.ts'

/** One link is enough: no two share anything but the change log. */
export const LINK: LinkKey = { domain: '*', code: 'a' }

export interface Edge {
  readonly isolates: Isolate[]
  /** Does one deed after the other. */
  act(list: readonly Task[]): Promise<void>
  befall(event: Event): Promise<void>
  /**
   * Everybody has the link in memory and has read the change log, and replicas have all of it. Redis goes back to this
   * moment, if to no later one.
   */
  warmUp(): Promise<void>
  /** Reads that returned what was out of date. */
  readonly stale: string[]
}

const HOUR_MS = 3_600_000

export function openEdge(world: World): Edge {
  const { postgres, clock, network, redis } = world
  const journal = createJournal(postgres, clock.now)
  const open = (): Isolate =>
    startIsolate(world, {
      onPublished: (register, version) => register === KEYS.register(LINK) && journal.publish(LINK, version),
    })
  const isolates = [open(), open()]
  const stale: string[] = []
  let goBack = remember()
  postgres.insert(LINK, postgres.drawVersion())

  async function find(isolate: Isolate): Promise<void> {
    const since = clock.now()
    const before = { ...isolate.failures }
    const asksRedis = (): boolean => isolate.breakers.redis.state() === 'closed'
    const wasAsking = asksRedis()
    const found = await isolate.links.find(LINK)
    const missedRedis = !wasAsking || !asksRedis() || isolate.failures.redis > before.redis
    const reachedNeither = missedRedis && isolate.failures.postgres > before.postgres
    const allowed = reachedNeither ? journal.rememberable(LINK, since) : journal.allowed(LINK, since)
    if (allowed.some((state) => isSame(found, state))) return
    stale.push(`found ${found?.version ?? null}, allowed ${versions(allowed)}`)
  }

  /** The result takes Redis back to how it is now, as a failover does: whatever is on its way is lost. */
  function remember(): () => Promise<void> {
    const snapshot = redis.snapshot()
    const unpublish = journal.remember()
    return async () => {
      network.cut('redis')
      redis.restore(snapshot)
      unpublish()
      await clock.advance(1)
    }
  }

  function putClock(ms: number): void {
    const [first] = isolates
    if (first !== undefined) first.life.clockError += ms
  }

  async function write(isolate: Isolate, does: Deed): Promise<State | null> {
    if (does === 'create') {
      // Before the unique index lets it wait for a delete, so a code that is taken again while its link is being deleted
      // may get a version below the deletion's.
      await world.step('insert draws its version')
      const drawn = postgres.drawVersion()
      return isolate.sql('insert', (db) => db.insert(LINK, drawn))
    }
    const id = postgres.find(LINK)?.id
    if (id === undefined) return null
    return isolate.sql(does, (db) => (does === 'update' ? db.update(id) : db.delete(id)))
  }

  async function edit(isolate: Isolate, does: Deed): Promise<void> {
    const lease = does === 'create' ? await isolate.publisher.lease(LINK) : null
    const state = await write(isolate, does)
    if (state === null) return
    await isolate.publisher.publish([{ ...LINK, ...state, lease }])
    journal.acknowledge(LINK, state)
  }

  async function perform({ does, slot }: Task): Promise<void> {
    const isolate = isolates[slot]
    if (isolate === undefined) return
    if (does === 'find') await find(isolate)
    else if (does === 'commit') await readChangeLog(isolate)
    else if (does === 'drain') await isolate.publisher.drain()
    else await edit(isolate, does)
  }

  return {
    isolates,
    stale,
    async warmUp() {
      for (const isolate of isolates) {
        void readChangeLog(isolate).catch(ignoreOutage)
        void isolate.links.find(LINK).catch(ignoreOutage)
      }
      await world.finish()
      redis.syncReplicas()
      goBack = remember()
    },
    async act(list) {
      for (const task of list) {
        await world.step(`${task.does} at ${task.slot}`)
        await perform(task).catch(ignoreOutage)
      }
    },
    async befall(event) {
      if (typeof event === 'number') return clock.advance(event)
      if (event === 'Redis down') return network.impose('redis', 'refused')
      if (event === 'Redis mute') return network.impose('redis', 'answer lost')
      if (event === 'Redis up') return network.impose('redis', null)
      if (event === 'clock is put on') return putClock(HOUR_MS)
      if (event === 'clock is put back') return putClock(-HOUR_MS)
      if (event === 'Postgres down') return network.impose('postgres', 'refused')
      if (event === 'Postgres up') return network.impose('postgres', null)
      if (event === 'Redis is remembered') {
        goBack = remember()
        return
      }
      if (event === 'Redis goes back') return goBack()
      if (event === 'log tells of too much')
        return void (await redis.command('XADD', KEYS.changes, '*', 'c', '*'))
      if (event === 'log trimmed') return void (await redis.command('XTRIM', KEYS.changes, 'MAXLEN', 1))
      if (event === 'isolate dies') {
        const [first] = isolates.splice(0, 1)
        if (first !== undefined) first.life.isAlive = false
        isolates.push(open())
        return
      }
      network.cut('redis')
      await redis.command('FLUSHALL')
      await clock.advance(1)
    },
  }
}

/** Each commit brings the change log; these hits do not matter. */
export function readChangeLog({ counters }: Isolate): Promise<void> {
  return counters.commit({ isolate: crypto.randomUUID(), sequence: 1, hits: new Map(), visits: '' })
}

export const versions = (states: readonly State[]): string =>
  states.map(({ version, link }) => (link === null ? `absent ${version}` : version)).join(', ')

export function ignoreOutage(error: unknown): void {
  if (!(error instanceof SourceUnavailable)) throw error
}

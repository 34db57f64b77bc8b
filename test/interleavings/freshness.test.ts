import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRegister } from '../../src/cache/register.ts'
import {
  type Edge,
  type Event,
  events,
  ignoreOutage,
  LINK,
  openEdge,
  readChangeLog,
  type Task,
  tasks,
  versions,
} from './edge.ts'
import { KEYS } from './isolate.ts'
import { isSame } from './journal.ts'
import { anyFates, slowFates } from './network.ts'
import { muteLog, RUN, RUN_TIMEOUT_MS } from './runs.ts'
import { inWorld, type World, worldParts } from './world.ts'

/** Everything that owners do and everything that befalls stores and isolates. */
const anything = {
  ...worldParts(anyFates),
  actors: tasks('find', 'find', 'find', 'update', 'update', 'create', 'delete', 'commit', 'commit', 'drain'),
  happening: events(
    [30, 400, 600, 600, 600, 1_000, 1_000, 2_500, 5_100, 5_100, 61_000, 3_700_000],
    ['Redis forgets', 'log trimmed', 'Redis down', 'Redis mute', 'Redis up', 'isolate dies'],
  ),
}
/** A link that stays in memory while it is edited and the change log is read: loads and answers overtake each other. */
const hotLink = {
  ...worldParts(slowFates),
  actors: tasks('find', 'find', 'commit', 'commit', 'update'),
  happening: events([30, 250, 1_100, 2_500, 4_100, 4_900], ['Redis forgets', 'log trimmed', 'log trimmed']),
}

/** No more faults: the cron drains the outbox, every isolate reads the change log. */
async function settleDown(world: World, { isolates }: Edge): Promise<void> {
  world.network.heal()
  await world.finish()
  await world.clock.advance(BREAKER_PAUSE_MS)
  await Promise.all([isolates[0]?.publisher.drain(), world.finish()])
  await Promise.all([...isolates.map(readChangeLog), world.finish()])
}

/** What Redis or an isolate holds that Postgres does not. */
async function differences(world: World, { isolates }: Edge): Promise<string[]> {
  const truth = world.postgres.history(LINK).slice(-1)
  const held = Promise.all(isolates.map(({ links }) => links.find(LINK)))
  const text = await world.redis.command('GET', KEYS.link(LINK))
  const [seen] = await Promise.all([held, world.finish()])
  if (typeof text === 'string') seen.push(decodeRegister(text)?.link ?? null)
  return seen
    .filter((link) => !truth.some((state) => isSame(link, state)))
    .map((link) => `holds ${link?.version ?? null}, Postgres ${versions(truth)}`)
}

/** After that every breaker lets a request through, even if one that it let through never came back. */
const BREAKER_PAUSE_MS = 12_000

muteLog()

describe('an acknowledged edit is in every read that begins 5 s later, and in the end nobody holds another', () => {
  test.each([
    ['whatever happens', anything, 1],
    ['while the link is hot', hotLink, 0.5],
  ])('%s', { timeout: RUN_TIMEOUT_MS }, (_, parts, share) =>
    fc.assert(
      // Unbiased: in short schedules nothing meets.
      fc.asyncProperty(fc.noBias(fc.record(parts)), ({ actors, happening, ...world }) =>
        inWorld(world, (running) => checkFreshness(running, actors, happening)),
      ),
      { ...RUN, numRuns: Math.ceil(RUN.numRuns * share) },
    ),
  )
})

async function checkFreshness(world: World, actors: Task[][], happening: Event[]): Promise<void> {
  const edge = openEdge(world)
  for (const isolate of edge.isolates) void readChangeLog(isolate).catch(ignoreOutage)
  await world.finish()
  world.happen(happening.map((event) => ({ label: String(event), run: () => edge.befall(event) })))
  for (const list of actors) void edge.act(list)
  await world.finish()
  expect(edge.stale).toEqual([])
  await settleDown(world, edge)
  expect(await differences(world, edge)).toEqual([])
}

/**
 * @module
 * Mixed traffic on two isolates while faults come and go, drawn from a seed. `npm run test:chaos` runs it for a minute, `npm test` for a moment;
 * CHAOS_SECONDS and CHAOS_SEED choose for how long and which.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createKeys } from '../../src/redis/keys.ts'
import type { Edge } from '../support/edge.ts'
import { recover } from '../support/fault-test.ts'
import { test as base } from '../support/linkr.ts'
import { expectStatisticsToAddUp } from '../support/statistics-add-up.ts'
import type { Stores } from '../support/stores.ts'
import { createLinkHistory, type LinkHistory } from './link-history.ts'
import { createOwner } from './owner.ts'
import { createRandom, type Random } from './random.ts'
import { residentMemoryMb } from './resident-memory.ts'
import { createVisitors, generationOf } from './visitors.ts'
import { createWeather } from './weather.ts'

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 8)
const SEED = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9))
const OWNERS = 3
const VISITORS = 6
const LINKS_PER_OWNER = 8
/** Three workerd processes without a memory limit: they begin at 80 MB each and settle at 300 MB each. */
const MAX_MEMORY_MB = 3 * 450

const SETTINGS = { REDIS_TIMEOUT_MS: '1000', POSTGRES_TIMEOUT_MS: '2000' }

const test = base
  .extend(
    'busyEdges',
    { scope: 'file' },
    async ({ edges }): Promise<readonly [Edge, Edge]> => [
      await edges.start({ ...SETTINGS, HIT_COMMIT_WINDOW_MS: '1000', HIT_COMMIT_MAX_WINDOW_MS: '4000' }),
      await edges.start({ ...SETTINGS, HIT_COMMIT_WINDOW_MS: '100', HIT_COMMIT_MAX_WINDOW_MS: '400' }),
    ],
  )
  /** Gets HEADs only, which are not counted: it has no hits to commit, and nothing else brings it news. */
  .extend('quietEdge', { scope: 'file' }, ({ edges }) => edges.start(SETTINGS))

interface Disturbed {
  readonly stores: Stores
  readonly edge: Edge
  readonly random: Random
  readonly codes: readonly string[]
  readonly mistakes: string[]
}

/** What an operator, a cron or an eviction does. */
async function disturb({ stores, edge, random, codes, mistakes }: Disturbed): Promise<void> {
  const code = codes[random.whole(0, codes.length - 1)] ?? ''
  const ask = async (method: string, path: string): Promise<void> => {
    const { status } = await edge.api(method, path)
    if (status !== 200 && status !== 503) mistakes.push(`${method} ${path}: ${status}`)
  }
  // Rarely, because it makes the isolates forget everything, mistakes too.
  if (random.next() < 0.03) {
    await stores.redis('XTRIM', createKeys(stores.keyPrefix).changes, 'MAXLEN', '0')
    return
  }
  await random.pick([
    () => ask('POST', '/flush'),
    () => ask('POST', '/flush'),
    // It fails when a store does.
    () => edge.cron().catch(() => {}),
    () => ask('POST', '/reconcile'),
    () => ask('POST', '/warm'),
    () => ask('GET', '/health'),
    () => stores.redis('UNLINK', stores.registerOf(code)),
  ])()
}

test(`chaos for ${SECONDS} s, CHAOS_SEED=${SEED}`, { timeout: SECONDS * 1_000 + 120_000 }, async ({
  stores,
  busyEdges,
  quietEdge,
}) => {
  console.log(`CHAOS_SEED=${SEED} CHAOS_SECONDS=${SECONDS}`)
  const random = createRandom(SEED)
  const weather = createWeather(stores, random.fork())
  const visitors = createVisitors(weather)
  const mistakes: string[] = []
  const histories = new Map<string, LinkHistory>()
  const ownedCodes = Array.from({ length: OWNERS }, (_, owner) =>
    Array.from({ length: LINKS_PER_OWNER }, (_, i) => `chaos-${owner}-${i}`),
  )
  const codes = [...ownedCodes.flat(), 'chaos-never']
  for (const code of codes) histories.set(code, createLinkHistory(weather))
  const historyOf = (code: string): LinkHistory => histories.get(code) ?? createLinkHistory(weather)
  /** The first ones are hot. */
  const drawCode = (chance: Random, among: readonly string[]): string =>
    among[Math.floor(chance.next() ** 2 * among.length)] ?? ''

  const until = Date.now() + SECONDS * 1_000
  const memory: number[] = []
  const loop = async (pauseMs: number, act: (chance: Random) => Promise<unknown>): Promise<void> => {
    const chance = random.fork()
    while (Date.now() < until) {
      await act(chance)
      await sleep(chance.whole(0, pauseMs))
    }
  }
  const raging = weather.run()
  await Promise.all([
    ...ownedCodes.map((owned) => {
      const owner = createOwner({ stores, edges: busyEdges, random: random.fork(), mistakes })
      return loop(300, (chance) => {
        const code = drawCode(chance, owned)
        return owner.change(code, historyOf(code))
      })
    }),
    ...Array.from({ length: VISITORS }, () =>
      loop(20, (chance) => {
        const code = drawCode(chance, codes)
        return chance.next() < 0.3
          ? visitors.visit(chance.pick([...busyEdges, quietEdge, quietEdge]), code, historyOf(code), 'HEAD')
          : visitors.visit(chance.pick(busyEdges), code, historyOf(code), 'GET')
      }),
    ),
    loop(800, (random) => disturb({ stores, edge: random.pick(busyEdges), random, codes, mistakes })),
    loop(1_000, async () => memory.push(residentMemoryMb())),
  ])
  weather.stop()
  await raging
  await recover(stores, ...busyEdges, quietEdge)

  const problems = [...visitors.mistakes, ...mistakes]
  const answers = Object.fromEntries(visitors.answers)
  console.log(
    JSON.stringify({
      answers,
      inFairWeather: visitors.inFairWeather(),
      memory,
      spells: weather.spells.length,
    }),
  )
  expect(problems.slice(0, 20), weather.spells.join('\n')).toEqual([])

  const rows = await stores.sql<{ code: string; url: string }>('SELECT code, url FROM links')
  const urls = new Map(rows.map(({ code, url }) => [code, url]))
  const truth = Object.fromEntries(codes.map((code) => [code, urls.get(code) ?? null]))
  for (const edge of [...busyEdges, quietEdge]) {
    await expectToShow(truth, (code) => visitors.visit(edge, code, historyOf(code), 'HEAD'))
  }
  await expectHitsToBe(visitors.hits, stores, busyEdges)
  await expectStatisticsToAddUp(stores)
  const reconciled = await busyEdges[0].api('POST', '/reconcile', { full: true })
  expect(await reconciled.json()).toMatchObject({ drained: 0, repaired: 0, released: 0, complete: true })
  expect(visitors.mistakes).toEqual([])
  expect(Math.max(...memory.slice(memory.length / 2))).toBeLessThan(MAX_MEMORY_MB)
})

/** An isolate shows what Postgres has, for every code: no error, and nothing old, was kept anywhere. */
async function expectToShow(
  truth: Readonly<Record<string, string | null>>,
  follow: (code: string) => Promise<string | null>,
): Promise<void> {
  const shown = async () => {
    const locations = Object.keys(truth).map(async (code) => [code, await follow(code)])
    return Object.fromEntries(await Promise.all(locations))
  }
  await expect.poll(shown).toEqual(truth)
}

/** Every redirect that was answered is in Postgres, once, but for those of links deleted since. */
async function expectHitsToBe(
  answered: ReadonlyMap<string, number>,
  stores: Stores,
  edges: readonly Edge[],
): Promise<void> {
  const waiting = async () => {
    const report = async (edge: Edge) => {
      await edge.flush()
      const { hits, outbox } = await edge.health()
      return [hits.isolate.waitingLinks, hits.isolate.droppedHits, hits.redis?.pending, outbox?.depth]
    }
    return Promise.all(edges.map(report))
  }
  await expect.poll(waiting).toEqual(edges.map(() => [0, 0, 0, 0]))
  const rows = await stores.sql<{ url: string; hits: string }>(
    'SELECT url, coalesce(hits, 0) AS hits FROM links LEFT JOIN link_hits ON link_id = id ORDER BY url',
  )
  expect(rows.length).toBeGreaterThan(0)
  const counted = rows.map(({ url, hits }) => [generationOf(url), Number(hits)])
  expect(counted).toEqual(rows.map(({ url }) => [generationOf(url), answered.get(generationOf(url)) ?? 0]))
}

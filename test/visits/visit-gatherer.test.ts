import { describe, expect, test, vi } from 'vitest'
import { DEFAULT_SETTINGS, type DomainSettings } from '../../src/links/domain-settings.ts'
import { createVisitGatherer, type VisitRequest } from '../../src/visits/visit-gatherer.ts'
import { createVisitLines, type VisitLines } from '../../src/visits/visit-lines.ts'
import { visitRequest } from './visit-request.ts'

/** The last second of a day, UTC. */
const BEFORE_MIDNIGHT = Date.UTC(2026, 10, 28, 23, 59, 59)
const DAY = Math.floor(BEFORE_MIDNIGHT / 86_400_000)

function world({ keyOf }: { readonly keyOf?: (day: number) => Promise<string> } = {}) {
  const clock = { now: BEFORE_MIDNIGHT }
  const askedDays: number[] = []
  const stored = new Map<string, DomainSettings>()
  const gatherer = createVisitGatherer({
    visitorKeys: {
      keyOf: (day) => {
        askedDays.push(day)
        return keyOf?.(day) ?? Promise.resolve(day.toString(16).padStart(32, '0'))
      },
    },
    settings: { peek: () => undefined, find: async (host) => stored.get(host) ?? DEFAULT_SETTINGS },
    ownHosts: new Set(['links.example.com']),
    now: () => clock.now,
  })
  return { clock, askedDays, stored, gatherer }
}

const hitsIn = ({ lines }: VisitLines): number => [...lines.values()].reduce((sum, { hits }) => sum + hits, 0)
const entriesIn = ({ lines }: VisitLines): string[] => [...lines.values()].flatMap(({ entries }) => entries)
const textOf = (lines: VisitLines): string => lines.encode()

/** The events that were logged while `work` ran. */
function logged(work: () => unknown): string[] {
  const events: string[] = []
  const spy = vi.spyOn(console, 'warn').mockImplementation((line: string) => {
    events.push((JSON.parse(line) as { event: string }).event)
  })
  work()
  spy.mockRestore()
  return events
}

describe('the gatherer of visits', () => {
  test('has nothing at first, and nothing twice', async () => {
    const { gatherer } = world()
    expect(gatherer.isEmpty()).toBe(true)
    gatherer.note('7', visitRequest({}))
    expect(gatherer.isEmpty()).toBe(false)
    await gatherer.prepare()
    expect(textOf(gatherer.take())).toMatch(
      /^7\t\d+\t\tAT\t\tdesktop\tFirefox\tWindows\t.*\t1\t\d+:[0-9a-f]{8}\n$/,
    )
    expect(gatherer.isEmpty()).toBe(true)
    expect(textOf(gatherer.take())).toBe('')
  })

  test('asks for nothing while nothing was noted', async () => {
    const { gatherer, askedDays } = world()
    await gatherer.prepare()
    expect(askedDays).toEqual([])
  })

  test('adds up visits that are alike', async () => {
    const { gatherer } = world()
    for (let i = 0; i < 5; i++) gatherer.note('7', visitRequest({}))
    gatherer.note('8', visitRequest({}))
    await gatherer.prepare()
    const lines = gatherer.take()
    expect([...lines.lines.values()].map(({ hits }) => hits)).toEqual([5, 1])
  })

  test('numbers visitors by the key of the day of their visit', async () => {
    const { gatherer, clock, askedDays } = world()
    gatherer.note('7', visitRequest({}))
    clock.now += 2_000
    gatherer.note('7', visitRequest({}))
    await gatherer.prepare()
    expect([...askedDays].sort()).toEqual([DAY, DAY + 1])
    const [before, after] = entriesIn(gatherer.take()).map((entry) => entry.split(':')[1])
    expect(before).toMatch(/^[0-9a-f]{8}$/)
    expect(after).toMatch(/^[0-9a-f]{8}$/)
    expect(after).not.toBe(before)
  })

  test('takes visits without numbers when there is no key, and says so', async () => {
    const down = world({ keyOf: () => Promise.reject(new Error('Redis is down')) })
    down.gatherer.note('7', visitRequest({}))
    const silent = vi.spyOn(console, 'warn').mockImplementation(() => {})
    await down.gatherer.prepare()
    silent.mockRestore()
    let entries: string[] = []
    expect(logged(() => (entries = entriesIn(down.gatherer.take())))).toEqual(['visits.unnumbered'])
    expect(entries).toEqual(['899'])
    expect(logged(() => down.gatherer.take())).toEqual([])
  })

  test('asks for the settings of the hosts that were noted', async () => {
    const { gatherer, stored } = world()
    stored.set('a.example.com', { ...DEFAULT_SETTINGS, geography: true })
    const cf = { city: 'Graz' }
    gatherer.note('7', visitRequest({ url: 'https://A.example.com:8443/x', cf }))
    gatherer.note('8', visitRequest({ url: 'https://b.example.com/x', cf }))
    await gatherer.prepare()
    const cities = textOf(gatherer.take())
      .trim()
      .split('\n')
      .map((line) => [line[0], line.includes('Graz')])
    expect(cities).toEqual([
      ['7', true],
      ['8', false],
    ])
  })

  test.each(['https://go.example.com/page', 'https://links.example.com/page'])(
    'takes %s, which is linkr itself, for no referrer',
    async (referrer) => {
      const { gatherer } = world()
      gatherer.note('7', visitRequest({ headers: { Referer: referrer } }))
      await gatherer.prepare()
      expect(textOf(gatherer.take())).toMatch(/\tAT\t\tdesktop/)
    },
  )

  test('describes early when much is noted, and loses nothing', async () => {
    const { gatherer } = world()
    gatherer.note('7', visitRequest({}))
    await gatherer.prepare()
    for (let i = 0; i < 10_000; i++) gatherer.note('7', visitRequest({}))
    expect(hitsIn(gatherer.take())).toBe(10_001)
  })

  test('keeps a bounded number of requests before it can describe any, and says what it left out', async () => {
    const { gatherer } = world()
    const request = visitRequest({})
    for (let i = 0; i < 6_000; i++) gatherer.note('7', request)
    await gatherer.prepare()
    let hits = 0
    expect(logged(() => (hits = hitsIn(gatherer.take())))).toEqual(['visits.left_out'])
    expect(hits).toBe(5_000)
  })

  test('takes back what could not be sent, together with what came meanwhile', async () => {
    const { gatherer } = world()
    gatherer.note('7', visitRequest({}))
    gatherer.noteMiss({ domain: '*', code: 'gone' })
    await gatherer.prepare()
    const taken = gatherer.take()
    gatherer.note('7', visitRequest({}))
    gatherer.putBack(taken)
    const lines = gatherer.take()
    expect(hitsIn(lines)).toBe(2)
    expect(textOf(lines)).toMatch(/!\t\d+\t\*\tgone\t1\n/)
  })

  test('keeps a bounded number of visits while no store takes them', async () => {
    const { gatherer } = world()
    gatherer.note('7', visitRequest({}))
    await gatherer.prepare()
    const many = createVisitLines()
    many.merge(gatherer.take())
    for (const line of many.lines.values()) line.hits = 19_999
    gatherer.putBack(many)
    gatherer.note('7', visitRequest({}))
    gatherer.note('7', visitRequest({}))
    let hits = 0
    expect(logged(() => (hits = hitsIn(gatherer.take())))).toEqual(['visits.left_out'])
    expect(hits).toBe(19_999)
  })

  test('leaves out visits that are handed back beyond that bound, and no misses', async () => {
    const { gatherer } = world()
    gatherer.note('7', visitRequest({}))
    gatherer.noteMiss({ domain: '*', code: 'gone' })
    await gatherer.prepare()
    const many = gatherer.take()
    for (const line of many.lines.values()) line.hits = 20_001
    gatherer.putBack(many)
    let text = ''
    const takes = () => {
      text = textOf(gatherer.take())
    }
    expect(logged(takes)).toEqual(['visits.left_out'])
    expect(text).toMatch(/^!\t\d+\t\*\tgone\t1\n$/)
  })

  test('is not held up by a request that cannot be read any more', async () => {
    const { gatherer } = world()
    const broken: VisitRequest = {
      url: 'https://go.example.com/x',
      headers: {
        get() {
          throw new Error('belongs to another request')
        },
      } as unknown as Headers,
    }
    gatherer.note('7', broken)
    gatherer.note('7', visitRequest({}))
    await gatherer.prepare()
    let hits = 0
    expect(logged(() => (hits = hitsIn(gatherer.take())))).toEqual(['visits.left_out'])
    expect(hits).toBe(1)
  })
})

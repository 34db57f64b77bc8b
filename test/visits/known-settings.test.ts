import { describe, expect, test } from 'vitest'
import { DEFAULT_SETTINGS, type DomainSettings } from '../../src/links/domain-settings.ts'
import { createKnownSettings } from '../../src/visits/known-settings.ts'

const GEOGRAPHY: DomainSettings = { ...DEFAULT_SETTINGS, geography: true }

function world() {
  const stored = new Map<string, DomainSettings>()
  const inMemory = new Map<string, DomainSettings>()
  const asked: string[] = []
  const clock = { now: 1_800_000_000_000 }
  const known = createKnownSettings({
    settings: {
      peek: (host) => inMemory.get(host),
      async find(host) {
        asked.push(host)
        return stored.get(host) ?? DEFAULT_SETTINGS
      },
    },
    now: () => clock.now,
  })
  return { stored, inMemory, asked, clock, known }
}

describe('settings, as far as visits go,', () => {
  test('are the defaults until they are fetched, and then remembered for 5 minutes', async () => {
    const { stored, asked, clock, known } = world()
    stored.set('a.example', GEOGRAPHY)
    expect(known.of('a.example')).toBe(DEFAULT_SETTINGS)
    await known.fetch(['a.example'])
    expect(known.of('a.example')).toBe(GEOGRAPHY)
    clock.now += 299_000
    await known.fetch(['a.example'])
    expect(asked).toEqual(['a.example'])
    clock.now += 2_000
    await known.fetch(['a.example'])
    expect(asked).toHaveLength(2)
  })

  test('that memory knows are not fetched, and go before what is remembered', async () => {
    const { inMemory, asked, known } = world()
    await known.fetch(['a.example'])
    inMemory.set('a.example', GEOGRAPHY)
    await known.fetch(['a.example'])
    expect(known.of('a.example')).toBe(GEOGRAPHY)
    expect(asked).toHaveLength(1)
  })

  test('are fetched of a few hosts at a time, whatever hosts visitors name', async () => {
    const { asked, known } = world()
    await known.fetch(Array.from({ length: 1_000 }, (_, i) => `h${i}.example`))
    expect(asked.length).toBeLessThanOrEqual(5)
  })
})

import { describe, expect, test } from 'vitest'
import { SourceUnavailable } from '../../src/errors.ts'
import { reconcile } from '../../src/operations/reconcile.ts'
import type { RedisReply } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { encodeRegister } from '../../src/registers/codec.ts'
import type { Edit } from '../../src/registers/edit.ts'
import { linkCodec } from '../../src/registers/link-codec.ts'
import { sampleLink } from '../support/sample-link.ts'

const keys = createKeys('test:')
/** Scans that it takes to see all links, of which each brings this many. */
const SCANS = 8
const PER_SCAN = 2
const names = Array.from({ length: SCANS * PER_SCAN }, (_, i) => `link-${i}`)

type Truth = 'as in Redis' | 'changed' | 'gone'

/** All links are in Redis; what Postgres has of them depends on the test. `invoke` runs a part of a reconciliation. */
function setup(truthOf: (name: string) => Truth) {
  const redis = new Map<string, string>()
  const repaired = new Map<string, number>()
  const bumped = new Map<string, number>()
  let flushes = 0

  /** @param limit of the platform, which refuses all requests beyond it; default: it refuses none. */
  async function invoke(requests: number, limit = Number.POSITIVE_INFINITY, full = true) {
    let sent = 0
    const send = (store: 'redis' | 'postgres'): void => {
      if (sent >= limit) throw new SourceUnavailable(store, new Error('Too many subrequests.'), false)
      sent++
    }
    const command = async (
      ...[name, key = '', value = '']: readonly (string | number)[]
    ): Promise<RedisReply> => {
      send('redis')
      if (name === 'GET') return redis.get(String(key)) ?? null
      if (name === 'DEL') redis.delete(String(key))
      if (name === 'SET') redis.set(String(key), String(value))
      if (name !== 'SCAN') return 'OK'
      const scan = Number(key)
      const found = names.slice(scan * PER_SCAN, (scan + 1) * PER_SCAN)
      return [String((scan + 1) % SCANS), found.map((code) => keys.register({ domain: '*', code }))]
    }
    const register = encodeRegister(
      { version: 1, value: sampleLink({ version: 1 }), softExpiresAt: 0, loadMs: 0 },
      linkCodec,
    )
    const edit = (code: string, version: number, isThere: boolean): Edit => {
      return { domain: '*', code, version, link: isThere ? linkRecord(code, version) : null }
    }
    const codeOf = (key: object): string => ('code' in key ? String(key.code) : '')
    const report = await reconcile(
      {
        redis: { command, eval: () => Promise.reject(new Error('not needed')) },
        keys,
        registers: {
          async peek(wanted) {
            send('redis')
            return wanted.map((key) => (bumped.has(codeOf(key)) ? null : register))
          },
        },
        outbox: {
          async current(wanted) {
            send('postgres')
            return wanted.map((key) => {
              const truth = repaired.has(codeOf(key)) ? 'as in Redis' : truthOf(codeOf(key))
              return edit(codeOf(key), truth === 'changed' ? 2 : truth === 'gone' ? 0 : 1, truth !== 'gone')
            })
          },
          async bumpAbove(key, claimed) {
            send('postgres')
            return edit(codeOf(key), claimed + 1, false)
          },
        },
        publisher: {
          async drain() {
            return { drained: 0, complete: true }
          },
          async publish(edits) {
            // It stays in the outbox if it is refused.
            for (const request of ['redis', 'postgres'] as const) if (sent < limit) send(request)
            for (const published of edits) {
              const count = repaired.get(codeOf(published)) ?? 0
              repaired.set(codeOf(published), count + 1)
              if ('link' in published && published.link === null) bumped.set(codeOf(published), 1)
            }
          },
          markBehind() {},
        },
        async flush() {
          flushes++
          return { claimed: 0, segments: 0, links: 0, hits: 0, hasMore: false }
        },
        prune: async () => {},
        now: () => 0,
        budget: { left: () => requests - sent },
      },
      full,
    )
    return { ...report, sent }
  }
  return { invoke, repaired, flushes: () => flushes }
}

const linkRecord = (code: string, version: number) => ({
  ...sampleLink({ version }),
  ...{ domain: '*', code, title: null, tags: [], createdAt: new Date(0), updatedAt: new Date(0) },
})

/** Repeats it until it is complete. */
async function toTheEnd<Report extends { readonly complete: boolean }>(invoke: () => Promise<Report>) {
  const reports: Report[] = []
  while (reports.at(-1)?.complete !== true) {
    reports.push(await invoke())
    expect(reports.length).toBeLessThan(50)
  }
  return reports
}

describe('a full reconciliation', () => {
  test.each([9, 12, 20, 45])(
    'in invocations of %i requests looks at all, repairs each once and sends no more',
    async (requests) => {
      const truths: readonly Truth[] = ['as in Redis', 'changed', 'gone']
      const { invoke, repaired, flushes } = setup((name) => truths[names.indexOf(name) % 3] ?? 'gone')
      const reports = await toTheEnd(() => invoke(requests))
      for (const { sent } of reports) expect(sent).toBeLessThanOrEqual(requests)
      expect(reports.reduce((sum, { checked }) => sum + checked, 0)).toBe(names.length)
      const wrong = names.filter((_, i) => i % 3 !== 0)
      expect([...repaired.keys()].sort()).toEqual([...wrong].sort())
      expect([...repaired.values()].every((times) => times === 1)).toBe(true)
      // What comes before is done by the first of them.
      expect(flushes()).toBe(1)
    },
  )

  test('is done in one that may send enough', async () => {
    const { invoke } = setup(() => 'as in Redis')
    expect(await invoke(2 + SCANS * 6)).toMatchObject({ checked: names.length, repaired: 0, complete: true })
  })

  test.each([5, 6, 7, 8])(
    'in invocations of which the platform grants %i requests loses nothing that it has looked at',
    async (limit) => {
      const { invoke, repaired } = setup((name) => (name === 'link-15' ? 'changed' : 'as in Redis'))
      const reports = await toTheEnd(() => invoke(45, limit))
      expect(reports.length).toBeGreaterThan(1)
      expect(repaired.has('link-15')).toBe(true)
    },
  )
})

test('an hourly reconciliation looks at a sample, and the next one goes on there', async () => {
  const { invoke } = setup(() => 'as in Redis')
  const hourly = () => invoke(45, Number.POSITIVE_INFINITY, false)
  expect(await hourly()).toMatchObject({ checked: 5 * PER_SCAN, complete: false })
  expect(await hourly()).toMatchObject({ checked: 3 * PER_SCAN, complete: true })
})

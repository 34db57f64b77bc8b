import { describe, expect, test } from 'vitest'
import { SourceUnavailable } from '../../src/errors.ts'
import type { LinkKey } from '../../src/links/link.ts'
import { warmUp } from '../../src/operations/warm-up.ts'
import type { Edit } from '../../src/registers/edit.ts'
import type { RegisterStore } from '../../src/registers/register-store.ts'
import { sampleLink } from '../support/sample-link.ts'

const LINKS = 450
const REFUSED = new SourceUnavailable('redis', new Error('Too many subrequests.'), false)

/**
 * A warm-up of `LINKS` links in an invocation that may send some requests.
 * @param limit of the platform, which refuses all beyond it; default: it refuses none.
 */
function setup(requests: number, limit = Number.POSITIVE_INFINITY) {
  let sent = 0
  const warmed = new Set<string>()
  const send = (failure: Error): void => {
    if (sent >= limit) throw failure
    sent++
  }
  const most = Array.from({ length: LINKS }, (_, i): LinkKey => ({ domain: '*', code: `link-${i}` }))
  const registers: Pick<RegisterStore, 'takeLeases' | 'of'> = {
    async takeLeases(keys) {
      send(REFUSED)
      return keys.map(() => ({ token: 'token', corrupt: '' }))
    },
    of: () => ({
      takeLeases: () => Promise.reject(new Error('not needed')),
      get: () => Promise.reject(new Error('not needed')),
      read: () => Promise.reject(new Error('not needed')),
      async fill(fills) {
        send(REFUSED)
        for (const { key } of fills) if ('code' in key) warmed.add(key.code)
        return { written: fills.length, newerVersions: [] }
      },
    }),
  }
  const run = (count: number, offset: number) =>
    warmUp(
      {
        links: {
          async mostHit(limited, from) {
            send(REFUSED)
            return most.slice(from, from + limited)
          },
        },
        outbox: {
          async current(keys) {
            send(new SourceUnavailable('postgres', new Error('Too many subrequests.'), false))
            return keys.map(
              (key): Edit => ({ domain: '*', code: '', link: sampleLink(), ...key, version: 1 }) as Edit,
            )
          },
        },
        registers,
        now: () => 0,
        random: () => 0,
        budget: { left: () => requests - sent },
      },
      count,
      offset,
    )
  return { run, warmed, sent: () => sent }
}

describe('a warm-up', () => {
  test.each([
    [4, 100],
    [6, 100],
    [7, 200],
    [15, 400],
  ])('that may send %i requests warms %i links, and none of them in part', async (requests, links) => {
    const { run, warmed, sent } = setup(requests)
    expect(await run(LINKS, 0)).toEqual({ links, warmed: links, complete: false })
    expect(warmed.size).toBe(links)
    expect(sent()).toBeLessThanOrEqual(requests)
  })

  test('is complete when it has looked at all that there are, in as many requests as it may send', async () => {
    expect(await setup(16).run(1_000, 0)).toEqual({ links: LINKS, warmed: LINKS, complete: true })
  })

  test('goes on behind those that it has looked at', async () => {
    const { run, warmed } = setup(Number.POSITIVE_INFINITY)
    expect(await run(LINKS, 400)).toEqual({ links: 50, warmed: 50, complete: true })
    expect(warmed.has('link-400') && !warmed.has('link-399')).toBe(true)
  })

  test.each([2, 3, 4, 5, 6])(
    'that the platform refuses the request after %i counts what it has done',
    async (limit) => {
      const { run, warmed } = setup(Number.POSITIVE_INFINITY, limit)
      const links = limit < 4 ? 0 : 100
      expect(await run(LINKS, 0)).toEqual({ links, warmed: links, complete: false })
      expect(warmed.size).toBe(links)
    },
  )
})

import { beforeEach, describe, expect, test } from 'vitest'
import type { RedisReply } from '../../src/redis/client.ts'
import { createKeys } from '../../src/redis/keys.ts'
import { parseNews } from '../../src/redis/scripts/changes.ts'
import { createChangeLogReader, isLater } from '../../src/registers/change-log.ts'
import { type Change, type LoggedEdit, logEntries } from '../../src/registers/log-entries.ts'
import { createRegisterStore } from '../../src/registers/register-store.ts'
import { emptyRedis, type InProcessRedis, type Snapshot } from '../interleavings/in-process-redis.ts'

const keys = createKeys('')
let redis: InProcessRedis
let now: number

beforeEach(async () => {
  redis = await emptyRedis()
  now = 1_000_000
})

const store = () =>
  createRegisterStore({
    redis: {
      eval: async (script, names, args) =>
        (await redis.command('EVAL', script, names.length, ...names, ...args)) as RedisReply,
      command: async (name, ...args) => (await redis.command(name, ...args)) as RedisReply,
    },
    ...{ keys, now: () => now, random: () => 0.5, leaseMs: 1_000 },
  })

/** An isolate that follows the log and writes down what it hears. */
function follow() {
  const heard: (string | Change)[] = []
  const log = createChangeLogReader({
    onChange: (change) => heard.push(change),
    onNewLinks: () => heard.push('new links'),
    onGap: () => heard.push('gap'),
    onWentBack: () => heard.push('went back'),
  })
  const read = async () => {
    heard.length = 0
    log.receive(await store().changes(log.cursor()), now)
    return [...heard]
  }
  return { log, read }
}

const edit = (code: string, version: number) => ({
  domain: '*',
  code,
  version,
  link: null,
})
const publish = (...codes: string[]) => store().publish(codes.map((code, i) => edit(code, i + 1)))
/** So that no entry gets the id of one that is not there any more. */
async function nextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() === now; ) await new Promise((resolve) => setImmediate(resolve))
}
const goBack = async (then: Snapshot): Promise<void> => {
  redis.restore(then)
  await nextMillisecond()
}
const append = (...fields: string[]) => redis.command('XADD', keys.changes, '*', ...fields)

describe('the change log', () => {
  test('begins with a gap, then tells of every edit once', async () => {
    const { read } = follow()
    expect(await read()).toEqual(['gap'])
    await publish('a', 'b')
    await publish('c')
    const [a, b, c] = ['a', 'b', 'c'].map((code) => `*/${code}`)
    expect(await read()).toEqual([
      { name: a, version: 1 },
      { name: b, version: 2 },
      { name: c, version: 1 },
    ])
    expect(await read()).toEqual([])
  })

  test('names each of a thousand links that were edited at once', async () => {
    const { read } = follow()
    await read()
    const codes = Array.from({ length: 1_000 }, (_, i) => `${1_000_000 + i}`)
    await publish(...codes)
    expect(await read()).toEqual(codes.map((code, i) => ({ name: `*/${code}`, version: i + 1 })))
    expect(await read()).toEqual([])
  })

  test('names none of them when no reply could carry their names', async () => {
    const { read } = follow()
    await read()
    await publish(...Array.from({ length: 1_000 }, (_, i) => `a-code-of-unusual-length-${i}`))
    expect((await redis.command('XRANGE', keys.changes, '-', '+')) as unknown[]).toHaveLength(2)
    expect(await read()).toEqual(['gap'])
    expect(await read()).toEqual([])
  })

  test.each([
    ['bytes', 70, 390],
    ['entries', 501, 1],
  ])(
    'tells of nothing when there are too many %s to tell, and goes on from there',
    async (_, count, length) => {
      const { read } = follow()
      await read()
      for (let i = 0; i < count; i++) await publish('x'.repeat(length))
      expect(await read()).toEqual(['gap'])
      await publish('a')
      expect(await read()).toEqual([{ name: '*/a', version: 1 }])
    },
  )

  test('tells of as many as there may be: nothing is taken for complete that is not', async () => {
    const { read } = follow()
    await read()
    for (let i = 0; i < 500; i++) await publish('a')
    expect((await read()).length).toBe(500)
  })

  test('stays below 3.5 MB, whatever is published', async () => {
    const [entry = ''] = logEntries([{ name: 'x'.repeat(1_598), version: 1, isFirst: false }]).texts
    const filled = `for i = 1, 2150 do redis.call('XADD', KEYS[1], '*', 'c', '') end`
    await redis.command('EVAL', filled, 1, keys.changes)
    await publish('a')
    const entries = (await redis.command('XRANGE', keys.changes, '-', '+')) as unknown[]
    expect(entries.length).toBeLessThanOrEqual(2_100)
    expect(entry).toHaveLength(1_600)
    expect(2_100 * entry.length).toBeLessThan(3.5 * 1024 * 1024)
  })

  test('has a gap once what an isolate has not read was taken off its old end', async () => {
    const { read } = follow()
    await read()
    await publish('a')
    await publish('b')
    await redis.command('XTRIM', keys.changes, 'MAXLEN', 1)
    expect(await read()).toEqual(['gap'])
  })

  test('brings no more than one id after an answer that did not come', async () => {
    const { log, read } = follow()
    await read()
    await publish('a')
    log.missed()
    expect((await store().changes(log.cursor())).texts).toEqual([])
    expect(await read()).toEqual(['gap'])
    await publish('b')
    expect(await read()).toEqual([{ name: '*/b', version: 1 }])
  })
})

describe('many new links', () => {
  const created = Array.from({ length: 11 }, (_, i) => ({ ...edit(`new${i}`, i + 1), isFirst: true }))

  test('are told of without their names, beside the names of others', async () => {
    const { read } = follow()
    await read()
    await store().publish([...created, edit('old', 12)])
    expect(await read()).toEqual([{ name: '*/old', version: 12 }, 'new links'])
  })

  test('are named where Redis has a register of them all the same', async () => {
    const { read } = follow()
    await read()
    for (const [code, version] of [
      ['new3', 2],
      ['new4', 0],
      ['new5', 9],
    ]) {
      await redis.command('SET', keys.register({ domain: '*', code: `${code}` }), `${version}:{}`)
    }
    const { logId, newer } = await store().publish(created)
    expect(newer).toEqual([{ key: { domain: '*', code: 'new5' }, newerVersion: 9 }])
    expect(await read()).toEqual([
      'new links',
      { name: '*/new3', version: 4 },
      { name: '*/new5', version: 6 },
    ])
    expect(await store().loggedIds(0)).toContain(logId)
  })

  test('are a gap to an earlier release, which does not know what their entry means', () => {
    const [text = ''] = logEntries(
      created.map(({ code, version }) => ({ name: code, version, isFirst: true })),
    ).texts
    expect(text).not.toBe('')
    expect(text).not.toMatch(/^\d+ .+$/)
  })
})

describe('a Redis that goes back in time', () => {
  test.each([
    ['what it had read', ({ log: _, ...rest }: ReturnType<typeof follow>) => rest],
    [
      'what it had read, after an answer that did not come',
      (reader: ReturnType<typeof follow>) => {
        reader.log.missed()
        return reader
      },
    ],
  ])('is noticed by who misses %s', async (_, prepare) => {
    const reader = follow()
    await publish('a')
    const then = redis.snapshot()
    await publish('b')
    await reader.read()
    await goBack(then)
    const { read } = prepare(reader)
    await publish('c')
    expect(await read()).toEqual(['went back', 'gap'])
    expect(await read()).toEqual([])
  })

  test('is noticed by who misses what it has published itself and not read yet', async () => {
    const { log, read } = follow()
    await read()
    const then = redis.snapshot()
    log.published((await publish('a')).logId)
    await goBack(then)
    expect(await read()).toEqual(['went back', 'gap'])
    log.published((await publish('b')).logId)
    expect(await read()).toEqual([{ name: '*/b', version: 1 }])
  })

  test('is not suspected of it by who reads its own edits', async () => {
    const { log, read } = follow()
    await read()
    log.published((await publish('a')).logId)
    await publish('b')
    expect(await read()).toHaveLength(2)
    log.published((await publish('c')).logId)
    log.missed()
    expect(await read()).toEqual(['gap'])
  })
})

describe('a malformed change log', () => {
  test.each([
    ['a text', () => redis.command('SET', keys.changes, 'text')],
    ['a list', () => redis.command('RPUSH', keys.changes, 'entry')],
  ])('is begun anew: %s', async (_, spoil) => {
    const { read } = follow()
    await spoil()
    expect(await read()).toEqual(['gap'])
    await publish('a')
    expect(await read()).toEqual([{ name: '*/a', version: 1 }])
    await redis.command('DEL', keys.changes)
    await spoil()
    await nextMillisecond()
    await publish('b')
    expect(await read()).toEqual(['gap'])
  })

  test('takes edits also after an entry with the last possible id', async () => {
    const { read } = follow()
    await read()
    await redis.command('XADD', keys.changes, '18446744073709551615-18446744073709551615', 'c', '1 */a')
    expect(await read()).toEqual([{ name: '*/a', version: 1 }])
    await publish('b')
    expect(await read()).toContain('gap')
    await publish('c')
    expect(await read()).toEqual([{ name: '*/c', version: 1 }])
  })

  test.each([
    ['fields of other names', ['x', '1 */a']],
    ['junk', ['c', 'junk']],
    ['a megabyte', ['c', `1 */${'a'.repeat(1024 * 1024)}`]],
  ])('is a gap where it has an entry of %s', async (_, fields) => {
    const { read } = follow()
    await read()
    await append(...fields)
    expect(await read()).toEqual(['gap'])
    await publish('a')
    expect(await read()).toEqual([{ name: '*/a', version: 1 }])
  })
})

describe('answers that overtake each other', () => {
  test('are taken in once, and prove nothing newer than they are', () => {
    const heard: unknown[] = []
    const log = createChangeLogReader({
      onChange: (change) => heard.push(change),
      onNewLinks() {},
      onGap: () => heard.push('gap'),
      onWentBack: () => heard.push('went back'),
    })
    log.receive(parseNews(['gap', '5-0']), 1_000)
    log.receive(parseNews(['news', '7-0', '1 */a', '2 */b']), 3_000)
    log.receive(parseNews(['news', '6-0', '1 */a']), 2_000)
    expect([heard, log.cursor(), log.syncedAt()]).toEqual([
      ['gap', { name: '*/a', version: 1 }, { name: '*/b', version: 2 }],
      '7-0 ',
      3_000,
    ])
  })
})

describe('entries', () => {
  const edits = (count: number, isFirst = false) =>
    Array.from({ length: count }, (_, i) => ({
      name: `*/${isFirst ? 'new' : 'old'}${i}`,
      version: 7,
      isFirst,
    }))
  const texts = (...edited: LoggedEdit[]) => logEntries(edited).texts

  test('name links, as many as are small enough', () => {
    expect(texts(...edits(2))).toEqual(['7 */old0\n7 */old1'])
    const named = texts(...edits(1_000))
    expect(named.join('\n').split('\n')).toEqual(edits(1_000).map(({ name }) => `7 ${name}`))
    expect(Math.max(...named.map((text) => text.length))).toBeLessThanOrEqual(1_600)
  })

  test.each([
    ['that are too many', edits(3_000)],
    [
      'one of whose names is too long',
      [...edits(1), { name: 'x'.repeat(1_600), version: 1, isFirst: false }],
    ],
  ])('say that there are links %s to name', (_, edited) => {
    expect(texts(...edited)).toEqual(['*'])
  })

  test('name new links only if they are few, and always those that were there before', () => {
    expect(texts(...edits(2, true), ...edits(1))).toEqual(['7 */new0\n7 */new1\n7 */old0'])
    expect(logEntries([...edits(11, true), ...edits(1)])).toEqual({
      texts: ['7 */old0', '+'],
      untold: new Set(edits(11, true).map(({ name }) => name)),
    })
    expect(texts(...edits(1_000, true))).toEqual(['+'])
    expect(texts(...edits(11, true), ...edits(3_000))).toEqual(['*'])
  })
})

test('ids of entries are compared as what they are', () => {
  expect(isLater('10-0', '9-5')).toBe(true)
  expect(isLater('9-10', '9-9')).toBe(true)
  expect(isLater('18446744073709551615-1', '18446744073709551614-9')).toBe(true)
  expect(isLater('9-9', '9-9')).toBe(false)
  expect(isLater('1-0', '')).toBe(true)
})

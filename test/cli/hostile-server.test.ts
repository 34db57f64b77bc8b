import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
const folder = mkdtempSync(join(tmpdir(), 'linkr-hostile-'))
beforeEach(() => linkr.reset())
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

/** Clears the screen, begins a line, changes the direction, hides a letter. */
const HOSTILE = 'a\x1b[2J\x9b2K\nerror: forged\r\u202etxt.exe\u2066\u200b\u{e0041}'
const RAW =
  /(?![\n\t])\p{Cc}|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/u
/** The CLI's own. */
const COLOURS = new RegExp(`${'\u001b'}\\[\\d+m`, 'g')

const TIME = '2026-01-02T03:04:05.000Z'
const LINK = {
  ...{ id: HOSTILE, domain: HOSTILE, code: HOSTILE, shortUrl: HOSTILE, url: HOSTILE, title: HOSTILE },
  ...{
    tags: [HOSTILE],
    status: 302,
    enabled: true,
    expiresAt: null,
    forwardQuery: false,
    hits: 1,
    version: 1,
  },
  ...{ createdAt: HOSTILE, updatedAt: TIME, lastHitAt: null },
}
const KEY = {
  ...{ id: HOSTILE, name: HOSTILE, prefix: HOSTILE, scopes: [HOSTILE], domains: [HOSTILE], key: HOSTILE },
  ...{ expiresAt: HOSTILE, lastUsedAt: HOSTILE, createdAt: TIME, revokedAt: null },
}
const DOMAIN = {
  ...{
    host: HOSTILE,
    rootUrl: HOSTILE,
    notFoundUrl: HOSTILE,
    expiredUrl: HOSTILE,
    defaultStatus: 302,
    robots: HOSTILE,
  },
}
const STORE = { state: HOSTILE, latencyMs: 1, breaker: HOSTILE }
const HEALTH = {
  ...{
    status: HOSTILE,
    redis: STORE,
    postgres: STORE,
    syncLagMs: 1,
    outbox: null,
    [HOSTILE]: { [HOSTILE]: HOSTILE },
  },
  hits: { redis: null, isolate: { waitingLinks: 0, droppedHits: 0 } },
}
const COUNTS = { hits: 3, people: 2, bots: 1, visitors: null }
const STATS = {
  ...{ from: HOSTILE, to: HOSTILE, timezone: HOSTILE, interval: HOSTILE, approximateBefore: HOSTILE },
  totals: { ...COUNTS, waiting: null, [HOSTILE]: HOSTILE },
  series: [{ at: HOSTILE, ...COUNTS }],
  groups: Object.fromEntries(
    ['country', 'referrer', 'qr', HOSTILE, '__proto__'].map((name) => [
      name,
      { from: HOSTILE, to: HOSTILE, values: [{ value: HOSTILE, people: 2 }], other: 1 },
    ]),
  ),
}
const VISIT = {
  ...{ at: HOSTILE, link: { id: HOSTILE, domain: HOSTILE, code: HOSTILE }, bot: false, visitor: HOSTILE },
  ...{ country: HOSTILE, referrer: HOSTILE, device: HOSTILE, browser: HOSTILE, os: HOSTILE },
}
const MISSES = { from: HOSTILE, to: HOSTILE, data: [{ domain: HOSTILE, code: HOSTILE, misses: 1 }] }
const ANSWERS: Readonly<Record<string, readonly [number, unknown]>> = {
  'GET /links': [200, { data: [LINK], nextCursor: HOSTILE }],
  'POST /links': [201, LINK],
  'GET /links/lookup': [200, LINK],
  'GET /keys': [200, { data: [KEY] }],
  'POST /keys': [201, KEY],
  'GET /domains': [200, { data: [DOMAIN], served: [HOSTILE] }],
  'GET /domains/go.example': [200, DOMAIN],
  'GET /health': [200, HEALTH],
  'POST /flush': [200, { [HOSTILE]: HOSTILE }],
  'GET /stats': [200, STATS],
  [`GET /links/${encodeURIComponent(HOSTILE)}/stats`]: [200, STATS],
  'GET /stats/misses': [200, MISSES],
  'GET /visits': [200, { data: [VISIT], nextCursor: null }],
}
const PROBLEM = { status: 422, code: HOSTILE, detail: HOSTILE, errors: [{ path: HOSTILE, message: HOSTILE }] }

const COMMANDS = [
  ['links', 'list'],
  ['links', 'get', 'x'],
  ['links', 'create', 'https://x.example/'],
  ['keys', 'list'],
  ['keys', 'create', 'ci'],
  ['domains', 'list'],
  ['domains', 'get', 'go.example'],
  ['health'],
  ['flush'],
  ['stats'],
  ['stats', 'x'],
  ['stats', 'misses'],
  ['visits'],
  ['visits', 'x'],
]

describe('what a server says is made visible', () => {
  test.each(COMMANDS)('linkr %s %s %s', async (...command: string[]) => {
    const argv = command.filter((word) => word !== undefined)
    for (const route of [
      ({ method, path }: { method: string; path: string }) => ANSWERS[`${method} ${path}`],
      () => [422, PROBLEM] as const,
    ]) {
      linkr.route = route
      for (const tty of [false, true]) {
        const human = await runCli(argv, { env: linkr.env, tty })
        const shown = (human.stdout + human.stderr).replaceAll(COLOURS, '')
        expect(shown).not.toMatch(RAW)
        expect(shown).not.toMatch(/^error: forged/m)
        expect(shown).toContain('\\u202etxt.exe')
        const json = await runCli([...argv, '--json'], { env: linkr.env, tty })
        expect(json.stdout + json.stderr).not.toMatch(RAW)
      }
    }
  })

  test('--json means the same as the answer', async () => {
    linkr.route = ({ method, path }) => ANSWERS[`${method} ${path}`]
    expect(JSON.parse((await runCli(['links', 'get', 'x', '--json'], { env: linkr.env })).stdout)).toEqual(
      LINK,
    )
  })

  test('a purge asks about a link whose name is made visible', async () => {
    linkr.route = ({ method, path }) => ANSWERS[`${method} ${path}`]
    const argv = ['stats', 'purge', 'x', '--before', '2026-01-01']
    const { code, stderr } = await runCli(argv, { env: linkr.env })
    expect(code).toBe(2)
    expect(stderr).toContain('\\u202etxt.exe')
    expect(stderr).not.toMatch(RAW)
  })

  test('visits as CSV are raw in a pipe and visible on a terminal', async () => {
    linkr.route = ({ method, path }) => ANSWERS[`${method} ${path}`]
    for (const argv of [
      ['visits', '--csv'],
      ['stats', '--csv', '--by', 'referrer'],
      ['stats', 'misses', '--csv'],
    ]) {
      expect((await runCli(argv, { env: linkr.env })).stdout).toContain('\u202etxt.exe')
      const shown = (await runCli(argv, { env: linkr.env, tty: true })).stdout.replaceAll(COLOURS, '')
      expect(shown).toContain('\\u202etxt.exe')
      expect(shown).not.toMatch(RAW)
    }
  })

  test('an export is raw in a file or a pipe, and visible on a terminal', async () => {
    linkr.route = () => [200, { data: [LINK], nextCursor: null }]
    for (const format of ['csv', 'json', 'jsonl']) {
      const argv = ['export', '--format', format]
      expect((await runCli(argv, { env: linkr.env })).stdout).toContain('\u202etxt.exe')
      expect((await runCli(argv, { env: linkr.env, tty: true })).stdout.replaceAll(COLOURS, '')).not.toMatch(
        RAW,
      )
    }
  })
})

describe('export -o', () => {
  const target = join(folder, 'victim')
  const output = join(folder, 'links.csv')
  const run = () => runCli(['export', '-o', output], { env: linkr.env })

  beforeEach(() => {
    linkr.route = () => [200, { data: [], nextCursor: null }]
    writeFileSync(target, 'precious')
    for (const file of [output, `${output}.part`]) rmSync(file, { force: true })
  })

  test.each([
    ['', 'links.csv'],
    ['.part', 'the draft of it'],
  ])('does not write through a symlink that was put at its place (%s)', async (extension) => {
    symlinkSync(target, output + extension)
    expect((await run()).code).toBe(0)
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readFileSync(output, 'utf8')).toMatch(/^domain,code,/)
    expect(() => readlinkSync(output)).toThrow()
  })

  test('writes into a pipe or a device, and never takes its place', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const read = text(createReadStream(pipe))
    expect(await runCli(['export', '-o', pipe], { env: linkr.env })).toMatchObject({ code: 0 })
    expect(statSync(pipe).isFIFO()).toBe(true)
    expect(await read).toMatch(/^domain,code,/)
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findConnection } from '../../src/cli/api/connection.ts'
import { migrateFromSettings } from '../../src/cli/migrate.ts'
import type { RunningStack } from '../../src/node/running-stack.ts'
import { runCli } from './support/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'linkr-connection-'))
afterAll(() => rmSync(folder, { recursive: true }))

const DEV = { url: 'http://127.0.0.1:8788', adminToken: 'token-of-npm-run-dev' }
const running: RunningStack = { pid: 1, databaseUrl: 'postgres://u:p@127.0.0.1:1/db', worker: DEV }
const PRODUCTION = { LINKR_URL: 'https://go.example', LINKR_TOKEN: 'production' }

describe('the CLI finds its linkr', () => {
  test.each([
    ['npm run dev of this clone, by default', {}, {}, { origin: DEV.url, token: DEV.adminToken }],
    [
      'the same by its address',
      { url: `${DEV.url}/` },
      PRODUCTION,
      { origin: DEV.url, token: DEV.adminToken },
    ],
    ['what the environment says', {}, PRODUCTION, { origin: 'https://go.example', token: 'production' }],
    [
      'the address of its API',
      { url: 'https://go.example/api/' },
      PRODUCTION,
      { origin: 'https://go.example', token: 'production' },
    ],
    [
      'what the command line says',
      { url: 'https://x.example', token: 'x' },
      PRODUCTION,
      { origin: 'https://x.example', token: 'x' },
    ],
    [
      'an address with the token in the environment',
      { url: 'https://x.example' },
      { LINKR_TOKEN: 'x' },
      { origin: 'https://x.example', token: 'x' },
    ],
    ['a key for npm run dev', { token: 'lk_1' }, {}, { origin: DEV.url, token: 'lk_1' }],
  ])('%s', (_what, options, env, connection) => {
    expect(findConnection(options, env, running)).toEqual(connection)
  })

  test.each([
    [
      'the token of LINKR_URL to another linkr',
      { url: 'https://x.example' },
      PRODUCTION,
      /is for https:\/\/go\.example/,
    ],
    ['a token of an unknown linkr to npm run dev', {}, { LINKR_TOKEN: 'x' }, /without LINKR_URL/],
    [
      'the token of npm run dev elsewhere',
      { url: 'http://127.0.0.1:8787' },
      {},
      /is for http:\/\/127\.0\.0\.1:8788 only/,
    ],
  ])('and never sends %s', (_what, options, env, message) => {
    expect(() => findConnection(options, env, running)).toThrow(message)
  })

  test('and says so when none is known, or an address is malformed', () => {
    expect(() => findConnection({}, {}, null)).toThrow(/LINKR_URL.*npm run dev does not run/)
    expect(() => findConnection({ url: 'go.example' }, {}, running)).toThrow(/must be like https/)
  })

  test('although something listens where npm run dev was before it was killed', async () => {
    const record = { ...running, pid: 2 ** 30 }
    writeFileSync(join(folder, 'dev.json'), JSON.stringify(record))
    const result = await runCli(['links', 'list'], { env: { LINKR_DATA_DIR: folder } })
    expect([result.code, result.stderr]).toEqual([2, expect.stringContaining('npm run dev does not run')])
  })
})

test('migrate leaves alone a database at the address of a local stack that does not run', async () => {
  const devVars = join(folder, '.dev.vars')
  const lines = ['DATABASE_URL=postgres://postgres:linkr@127.0.0.1:8798/postgres']
  const env = { LINKR_DATA_DIR: join(folder, 'nothing'), LINKR_DEV_VARS: devVars }
  await expect(migrateFromSettings(env)).rejects.toThrow('DATABASE_URL is missing')
  writeFileSync(devVars, [...lines, 'NEON_FETCH_ENDPOINT=http://127.0.0.1:8798/sql'].join('\n'))
  await expect(migrateFromSettings(env)).rejects.toThrow('local stack, which does not run')
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, statSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startNeonBridge } from '../../src/local/neon-bridge.ts'
import { findRunningStack } from '../../src/node/running-stack.ts'
import { runCli } from '../cli/support/run-cli.ts'

const root = join(import.meta.dirname, '../..')

/** `npm run dev` in a folder of its own; `output` grows. */
interface DevRun {
  readonly child: ChildProcess
  readonly output: () => string
}

let folder: string
let places: { LINKR_DATA_DIR: string; LINKR_DEV_VARS: string }
let running: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'linkr dev é-'))
  places = { LINKR_DATA_DIR: join(folder, 'data'), LINKR_DEV_VARS: join(folder, '.dev.vars') }
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function startDev(): Promise<DevRun> {
  const { REDIS_URL, DATABASE_URL, ...env } = process.env
  const child = spawn(process.execPath, ['src/local/dev.ts'], { cwd: root, env: { ...env, ...places } })
  running = child
  let output = ''
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk
      if (output.includes('linkr is ready')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', () => reject(new Error(`npm run dev ended:\n${output}`)))
  })
  await ready
  return { child, output: () => output }
}

/** The hits of every link in what PGlite left on the disk. */
async function storedHits(): Promise<unknown[]> {
  const bridge = await startNeonBridge({ dataDir: places.LINKR_DATA_DIR })
  const client = new pg.Client({ connectionString: bridge.databaseUrl })
  await client.connect()
  const query = 'SELECT code, hits FROM links LEFT JOIN link_hits ON link_id = links.id'
  const { rows } = await client.query(query)
  await client.end()
  await bridge.close()
  return rows
}

/** Processes whose environment says that they belong to this run: wrangler, workerd and esbuild inherit it. */
async function processesOf(child: ChildProcess): Promise<readonly string[]> {
  const found: string[] = []
  for (const file of globSync('/proc/[0-9]*/environ')) {
    const environment = await readFile(file, 'utf8').catch(() => '')
    if (environment.includes(`LINKR_DATA_DIR=${folder}`) && !file.includes(`/${child.pid}/`)) found.push(file)
  }
  return found
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('npm run dev: follow the demo link, press Ctrl-C, and the hit is in Postgres and no process is left', async () => {
  await writeFile(places.LINKR_DEV_VARS, '# mine\n')
  await chmod(places.LINKR_DEV_VARS, 0o644)
  const { child, output } = await startDev()
  const [demo = ''] = output().match(/http:\/\/\S+\/demo/) ?? []
  const response = await fetch(demo, { redirect: 'manual' })
  expect(response.status).toBe(302)
  expect(response.headers.get('location')).toMatch(/^https:\/\/example\.com\//)
  if (process.platform === 'linux') expect((await processesOf(child)).length).toBeGreaterThan(1)

  const toClick = [...output().matchAll(/^(?!.*curl).*?(http:\/\/\S+)/gm)].map(([, url = '']) => url)
  expect(toClick).toContain(demo)
  for (const url of toClick)
    expect([200, 302]).toContain((await fetch(url, { redirect: 'manual', method: 'HEAD' })).status)

  const record = join(places.LINKR_DATA_DIR, 'dev.json')
  const files = [places.LINKR_DEV_VARS, record, ...globSync(join(places.LINKR_DATA_DIR, '*.env'))]
  expect(files.map(modeOf)).toEqual(['600', '600', '600'])
  expect([places.LINKR_DATA_DIR, join(places.LINKR_DATA_DIR, 'pglite')].map(modeOf)).toEqual(['700', '700'])

  const listed = await runCli(['links', 'list'], { env: places })
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(demo) })
  const migrated = await runCli(['migrate'], { env: places })
  expect(migrated.stdout).toMatch(/^Migrated 127\.0\.0\.1:\d+\/postgres \(the running local stack\)/)

  child.kill('SIGINT')
  const [exitCode] = await once(child, 'exit')
  // By the cron, if its minute has just come.
  expect(output()).toMatch(/Flushed 1 pending hit\.|"hits":1}/)
  expect(exitCode).toBe(0)
  await expect(fetch(demo)).rejects.toThrow()
  expect(await processesOf(child)).toEqual([])
  expect(existsSync(record)).toBe(false)
  expect(await storedHits()).toEqual([{ code: 'demo', hits: '1' }])
}, 300_000)

test('npm run dev after a kill -9: starts again without a complaint, and SIGTERM ends it in the middle of a long query', async () => {
  const first = await startDev()
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await expect.poll(() => processesOf(first.child)).toEqual([])
  expect(findRunningStack(places)).toBeNull()

  const { child, output } = await startDev()
  const client = new pg.Client(findRunningStack(places)?.databaseUrl)
  client.on('error', () => undefined)
  await client.connect()
  const query = client.query('SELECT pg_sleep(3600)').catch(() => 'broken off')
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(await query).toBe('broken off')
  expect(output()).not.toMatch(/\b409\b/)
  expect(await processesOf(child)).toEqual([])
}, 300_000)

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNeonBridge } from '../../src/local/neon-bridge.ts'

const root = join(import.meta.dirname, '../..')

/** `npm run dev` in a folder of its own; `output` grows. */
interface DevRun {
  readonly child: ChildProcess
  readonly output: () => string
}

let folder: string
let running: ChildProcess | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'linkr-dev-'))
})
afterAll(async () => {
  running?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function startDev(): Promise<DevRun> {
  const { REDIS_URL, DATABASE_URL, ...env } = process.env
  const files = { LINKR_DATA_DIR: join(folder, 'data'), LINKR_DEV_VARS: join(folder, '.dev.vars') }
  const child = spawn(process.execPath, ['src/local/dev.ts'], { cwd: root, env: { ...env, ...files } })
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
  const bridge = await startNeonBridge({ dataDir: join(folder, 'data') })
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

test('npm run dev: follow the demo link, press Ctrl-C, and the hit is in Postgres and no process is left', async () => {
  const { child, output } = await startDev()
  const [demo = ''] = output().match(/http:\/\/\S+\/demo/) ?? []
  const response = await fetch(demo, { redirect: 'manual' })
  expect(response.status).toBe(302)
  expect(response.headers.get('location')).toMatch(/^https:\/\/example\.com\//)
  if (process.platform === 'linux') expect((await processesOf(child)).length).toBeGreaterThan(1)

  child.kill('SIGINT')
  const [exitCode] = await once(child, 'exit')
  expect(output()).toContain('Flushed 1 pending hit.')
  expect(exitCode).toBe(0)
  await expect(fetch(demo)).rejects.toThrow()
  expect(await processesOf(child)).toEqual([])
  expect(await storedHits()).toEqual([{ code: 'demo', hits: '1' }])
}, 60_000)

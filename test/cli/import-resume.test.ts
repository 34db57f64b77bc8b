import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type SeenRequest, startFakeLinkr } from './support/fake-linkr.ts'
import { temporaryFolder } from './support/import-text.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
const folder = temporaryFolder()
const file = join(folder, 'yourls.csv')
const checkpoint = `${file}.linkr-import`
const ROWS = 12_000

beforeEach(() => {
  linkr.reset()
  rmSync(checkpoint, { force: true })
  writeRows(ROWS)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

/** Every 1,000th row has no destination. */
function writeRows(count: number): void {
  const rows = Array.from(
    { length: count },
    (_, i) => `k${i},${i % 1000 === 7 ? '' : `https://acme.example/${i}`},T,,,${i}`,
  )
  writeFileSync(file, `keyword,url,title,timestamp,ip,clicks\n${rows.join('\n')}\n`)
}

const rejectedOf = (count: number): number => Math.ceil((count - 7) / 1000)
const importFile = (...options: string[]) =>
  runCli(['import', file, '--json', ...options], { env: linkr.env })
const imports = (): SeenRequest[] => linkr.requests.filter(({ path }) => path === '/links/import')

/** The command as an operator starts it, so that it can be killed. */
function startImport(...options: string[]) {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'import', file, '--json', ...options], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, ...linkr.env },
  })
  let stdout = ''
  child.stdout.on('data', (part: Buffer) => {
    stdout += part
  })
  return { child, exited: once(child, 'exit'), stdout: () => stdout }
}

describe('an import that is interrupted', () => {
  test('killed with kill -9 while answers are outstanding, ends as if nothing had happened', async () => {
    let served = 0
    const { child, exited } = startImport()
    linkr.fault = () => {
      // Done by the server, but the importer is dead before it hears of it.
      if (++served <= 5) return undefined
      child.kill('SIGKILL')
      return 'drop the answer'
    }
    await exited
    linkr.fault = () => undefined
    expect(existsSync(checkpoint)).toBe(true)
    const before = new Map(imports().map(({ key, body }) => [key, JSON.stringify(body)]))

    const { code, stdout } = await importFile()
    expect(code).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      end: 'complete',
      resumed: true,
      rows: ROWS,
      created: ROWS - rejectedOf(ROWS),
      skipped: 0,
      rejected: rejectedOf(ROWS),
    })
    expect(linkr.links.size).toBe(ROWS - rejectedOf(ROWS))
    // What was sent twice had the same key and the same body both times.
    const again = imports()
      .slice(before.size)
      .filter(({ key }) => before.has(key))
    expect(again.length).toBeGreaterThan(0)
    for (const { key, body } of again) expect(JSON.stringify(body)).toBe(before.get(key))
    const rejects = readFileSync(`${file}.rejects.csv`, 'utf8').trim().split('\n')
    expect(
      rejects
        .slice(1)
        .map((line) => line.split(',')[0])
        .sort(),
    ).toEqual(Array.from({ length: rejectedOf(ROWS) }, (_, i) => String(i * 1000 + 7 + 2)).sort())
    expect(existsSync(checkpoint)).toBe(false)
  })

  test('by Ctrl-C, lets what is under way end, exits with 130 and goes on from there', async () => {
    const interruption = new AbortController()
    linkr.fault = () => {
      if (imports().length === 4) interruption.abort()
      return undefined
    }
    const first = await runCli(['import', file, '--json'], { env: linkr.env, interrupt: interruption.signal })
    expect(first.code).toBe(130)
    const report = JSON.parse(first.stdout)
    expect(report.end).toBe('interrupted')
    expect(report.created).toBe(linkr.links.size)
    expect(report.rows).toBeLessThan(ROWS)

    const sentBefore = imports().length
    const second = await importFile()
    expect(JSON.parse(second.stdout)).toMatchObject({
      rows: ROWS,
      created: ROWS - rejectedOf(ROWS),
      skipped: 0,
    })
    expect(imports().length).toBe(ROWS / 1000)
    expect(sentBefore).toBeGreaterThan(0)
  })

  test('is refused when the input has changed, and begins anew with --restart', async () => {
    const interruption = new AbortController()
    linkr.fault = () => {
      if (imports().length === 3) interruption.abort()
      return undefined
    }
    await runCli(['import', file, '--json'], { env: linkr.env, interrupt: interruption.signal })
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('acme.example/1\n', 'evil.example/1\n').replace('k0,', 'k-zero,'),
    )
    const refused = await importFile()
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('has changed')])
    const otherwise = await importFile('--on-conflict', 'overwrite')
    expect([otherwise.code, otherwise.stderr]).toEqual([1, expect.stringContaining('had --on-conflict')])
    const { stdout } = await importFile('--restart')
    expect(JSON.parse(stdout)).toMatchObject({ resumed: false, rows: ROWS })
  })

  test('goes on with rows that were added at the end meanwhile', async () => {
    const interruption = new AbortController()
    linkr.fault = () => {
      if (imports().length === 3) interruption.abort()
      return undefined
    }
    await runCli(['import', file], { env: linkr.env, interrupt: interruption.signal })
    writeRows(ROWS + 500)
    const { stdout } = await importFile()
    expect(JSON.parse(stdout)).toMatchObject({ resumed: true, rows: ROWS + 500, skipped: 0 })
  })

  test('refuses a checkpoint that is none', async () => {
    writeFileSync(checkpoint, '{"half":')
    const { code, stderr } = await importFile()
    expect([code, stderr]).toEqual([2, expect.stringContaining('is no checkpoint')])
  })
})

describe('a server in trouble', () => {
  test('that drops answers, is busy, or fails for a while gets each chunk until it has it, once', async () => {
    const faults = [
      'drop the answer',
      { status: 503 },
      { status: 429, retryAfter: '0' },
      'refuse the connection',
    ] as const
    const tried = new Map<string, number>()
    linkr.fault = ({ key = '' }) => {
      const count = tried.get(key) ?? 0
      tried.set(key, count + 1)
      return count === 0 ? faults[tried.size % faults.length] : undefined
    }
    writeRows(4000)
    const { stdout } = await importFile()
    expect(JSON.parse(stdout)).toMatchObject({
      end: 'complete',
      created: 4000 - rejectedOf(4000),
      skipped: 0,
    })
    expect([...tried.values()]).toEqual([2, 2, 2, 2])
  })

  test('that refuses the token ends the import with what to do, and nothing is lost', async () => {
    const { code, stdout, stderr } = await runCli(['import', file, '--json'], {
      env: { ...linkr.env, LINKR_TOKEN: 'wrong' },
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ end: 'failed', created: 0 })
    expect(stderr).toMatch(/LINKR_TOKEN/)
    const { stdout: second } = await importFile()
    expect(JSON.parse(second)).toMatchObject({ resumed: true, rows: ROWS })
  })

  test('never has more than --concurrency requests at once', async () => {
    writeRows(8000)
    await importFile('--concurrency', '1')
    expect(imports()).toHaveLength(8)
  })
})

describe('--on-conflict', () => {
  const small = ['keyword,url,title', 'a,https://acme.example/new,', 'b,https://acme.example/b,'].join('\n')
  const existing = ['keyword,url,title', 'a,https://acme.example/old,'].join('\n')
  const prepare = async (): Promise<void> => {
    writeFileSync(file, existing)
    await importFile()
    writeFileSync(file, small)
  }

  test('skip leaves the old link, and tells one that leads elsewhere from one that is there already', async () => {
    await prepare()
    expect(JSON.parse((await importFile()).stdout)).toMatchObject({
      rows: 2,
      created: 1,
      skipped: 0,
      rejected: 1,
      rejects: [{ line: 2, reason: 'code "a" is taken by another destination' }],
    })
    expect(JSON.parse((await importFile()).stdout)).toMatchObject({ created: 0, skipped: 1, rejected: 1 })
    expect(linkr.links.get('*/a')?.url).toBe('https://acme.example/old')
  })

  test('overwrite replaces it', async () => {
    await prepare()
    expect(JSON.parse((await importFile('--on-conflict', 'overwrite')).stdout)).toMatchObject({
      created: 1,
      updated: 1,
    })
    expect(linkr.links.get('*/a')?.url).toBe('https://acme.example/new')
  })

  test('rename keeps both and tells the new code', async () => {
    await prepare()
    const report = JSON.parse((await importFile('--on-conflict', 'rename')).stdout)
    expect(report).toMatchObject({ created: 1, renamed: 1, renames: [{ line: 2, from: 'a', to: 'a-2' }] })
  })

  test('fail stops there and says how to go on', async () => {
    await prepare()
    const { code, stderr } = await importFile('--on-conflict', 'fail')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Stopped at line 2: code \\"a\\" is taken.*--restart/),
    ])
  })

  test('with --dry-run changes nothing and leaves no checkpoint', async () => {
    await prepare()
    const report = JSON.parse((await importFile('--dry-run')).stdout)
    expect(report).toMatchObject({ dryRun: true, created: 1, rejected: 1 })
    expect([linkr.links.size, existsSync(checkpoint)]).toEqual([1, false])
  })
})

test('standard input is imported without files beside it', async () => {
  const { code, stdout } = await runCli(['import', '-', '--json'], {
    env: linkr.env,
    stdin: 'keyword,url\na,https://acme.example/\n',
  })
  expect([code, JSON.parse(stdout).created]).toEqual([0, 1])
})

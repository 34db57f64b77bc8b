import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { startFakeLinkr } from './support/fake-linkr.ts'
import { exportFile, temporaryFolder } from './support/import-text.ts'
import { runCli } from './support/run-cli.ts'

const linkr = await startFakeLinkr()
const folder = temporaryFolder()
const dub = join(folder, 'dub.csv')
writeFileSync(dub, exportFile('dub.csv'))
beforeEach(() => linkr.reset())
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await linkr.close()
})

const dryRun = (file: string, keys?: string) =>
  runCli(['import', file, '--dry-run', '--keep-domains'], {
    env: linkr.env,
    ...(keys === undefined ? {} : { tty: true, keys }),
  })
const OPEN = /would be open to everyone.*--enabled false/s

describe('a dry run', () => {
  test('says what does not come along before it says anything else, and what would arrive open', async () => {
    const { code, stderr } = await dryRun(dub)
    expect(code).toBe(3)
    expect(stderr.trim().split('\n')[1]).toMatch(/neither expiry nor password/)
    expect(stderr).toMatch(/ignores capitals/)
    expect(stderr).toMatch(OPEN)
  })

  test('asks at a terminal, and explains what to do only if it must', async () => {
    const yes = await dryRun(dub, 'y')
    expect(yes.stderr).toMatch(/Has any of these links an expiry or a password today\?/)
    expect(yes.stderr).toMatch(OPEN)
    expect((await dryRun(dub, 'n')).stderr).not.toMatch(OPEN)
    expect(linkr.links.size).toBe(0)
  })

  test('has nothing to ask about an export that tells all of it', async () => {
    const sink = join(folder, 'sink.json')
    writeFileSync(sink, exportFile('sink.json'))
    expect((await dryRun(sink)).stderr).not.toMatch(OPEN)
  })
})

test('the report shows how its numbers come about', async () => {
  const bitly = join(folder, 'bitly.csv')
  writeFileSync(
    bitly,
    'Link,Custom Link,Destination URL\n' +
      'bit.ly/a,brand.example/b,https://acme.example/1\n' +
      'bit.ly/b,,https://acme.example/2\n' +
      'bit.ly/a,,https://acme.example/1\n',
  )
  const { code, stdout } = await runCli(['import', bitly], { env: linkr.env })
  expect(code).toBe(3)
  const lines = stdout.split('\n').map((line) => line.trim())
  expect(lines[0]).toMatch(/^3 rows in/)
  expect(lines).toContain('and 1 more link, of a row with several codes')
  expect(lines).toContain('2 created')
  expect(lines).toContain('1 skipped, there already')
  expect(lines).toContain('1 rejected')
  expect(lines).toContain('line 3: code "b" is taken by another destination')
})

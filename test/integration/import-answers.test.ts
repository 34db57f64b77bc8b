import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runCli } from '../cli/support/run-cli.ts'
import { cliEnv, test } from '../support/cli-test.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'

test.override('settings', { DOMAINS: 'go.example.com,b.example.com' })

const url = 'https://acme.example/'

test.for([true, false])(
  'an import tells a link that is there already from a code that leads elsewhere (dry run: %s)',
  async (dryRun, { edge }) => {
    const domain = 'go.example.com'
    const code = `there-${dryRun}`
    const again = `twice-${dryRun}`
    await edge.create({ url, code, domain })
    const links = [
      // The same destination, though it is written otherwise.
      { url: 'https://ACME.example', code, domain },
      { url: `${url}other`, code, domain },
      { url: `${url}one`, code: again, domain },
      { url: `${url}one`, code: again, domain },
      { url: `${url}two`, code: again, domain },
      { url: `${url}other`, code, domain: 'b.example.com' },
    ]
    const response = await edge.api('POST', '/links/import', { dryRun, links })
    const { results } = (await response.json()) as { results: Record<string, unknown>[] }
    expect(results.map(({ outcome, sameDestination }) => [outcome, sameDestination])).toEqual([
      ['skipped', true],
      ['skipped', false],
      ['created', undefined],
      ['skipped', true],
      ['skipped', false],
      ['created', undefined],
    ])
    // A key that may only write learns no destination from it.
    expect(JSON.stringify(results)).not.toContain('acme.example')
  },
)

test('the list of domains says which hosts are served, to a key those it may use', async ({ edge }) => {
  const served = async (token?: string) => {
    const response = await edge.api(
      'GET',
      '/domains',
      undefined,
      token === undefined ? {} : { Authorization: `Bearer ${token}` },
    )
    return ((await response.json()) as { served: string[] }).served
  }
  expect(await served()).toEqual(['go.example.com', 'b.example.com'])
  const made = await edge.api('POST', '/keys', {
    name: 'one domain',
    scopes: ['links:read'],
    domains: ['b.example.com'],
  })
  const { key } = (await made.json()) as { key: string }
  expect(await served(key)).toEqual(['b.example.com'])
})

test('the CLI puts links where their host is served, and its repaired rejects beside them', async ({
  edge,
  folder,
}) => {
  const file = join(folder, 'dub.csv')
  const rejects = `${file}.rejects.csv`
  writeFileSync(
    file,
    'Short link,Destination URL,Clicks\n' +
      `https://go.example.com/cli-1,${url}1,5\n` +
      `https://elsewhere.example/cli-1,${url}2,6\n` +
      `https://elsewhere.example/cli-1,${url}3,7\n` +
      'https://go.example.com/cli-2,ftp://acme.example/,8\n' +
      'https://elsewhere.example/cli-3,ftp://acme.example/,9\n',
  )
  const cliAs = (token: string, ...argv: string[]) =>
    runCli([...argv, '--json'], { env: cliEnv(edge, token) })
  const hitsOf = async (code: string, domain: string) => {
    const { stdout } = await cliAs(ADMIN_TOKEN, 'links', 'get', code, '--domain', domain)
    return JSON.parse(stdout).hits
  }
  const first = await cliAs(ADMIN_TOKEN, 'import', file)
  expect([first.code, JSON.parse(first.stdout)]).toEqual([
    3,
    expect.objectContaining({ rows: 5, created: 2, skipped: 0, rejected: 3 }),
  ])
  expect([await hitsOf('cli-1', 'go.example.com'), await hitsOf('cli-1', '*')]).toEqual([5, 6])

  const repaired = readFileSync(rejects, 'utf8').replaceAll('ftp:', 'https:').replace(',cli-1,', ',cli-4,')

  // A key that may write needs no more to import what was rejected.
  const made = await edge.api('POST', '/keys', { name: 'writer', scopes: ['links:write'] })
  const { key } = (await made.json()) as { key: string }
  expect((await cliAs(key, 'import', file, '--restart')).stderr).toMatch(/scope links:read/)
  const fixed = join(folder, 'repaired.csv')
  writeFileSync(fixed, repaired)
  const second = await cliAs(key, 'import', fixed, '--on-conflict', 'overwrite')
  expect([second.code, JSON.parse(second.stdout).created]).toEqual([0, 3])
  const hits = [
    await hitsOf('cli-2', 'go.example.com'),
    await hitsOf('cli-3', '*'),
    await hitsOf('cli-4', '*'),
  ]
  expect(hits).toEqual([8, 9, 7])
  expect(await edge.follow('cli-4?utm=1')).toBe(`${url}3?utm=1`)
})

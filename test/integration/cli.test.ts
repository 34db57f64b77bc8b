import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { exportFile } from '../cli/support/import-text.ts'
import { runCli } from '../cli/support/run-cli.ts'
import { cliEnv, test } from '../support/cli-test.ts'

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('the CLI against the real API', () => {
  test('imports with age and clicks, twice without doubling them, and redirects', async ({
    edge,
    cli,
    folder,
  }) => {
    const rows = Array.from(
      { length: 2500 },
      (_, i) => `k${i},https://acme.example/${i},T${i},2020-01-01 00:00:00,,${i}`,
    )
    const file = join(folder, 'yourls.csv')
    writeFileSync(file, `keyword,url,title,timestamp,ip,clicks\n${rows.join('\n')}\nbad,nonsense,,,,\n`)
    const first = await cli('import', file, '--json', '--domain', '*')
    expect([first.code, JSON.parse(first.stdout)]).toEqual([
      3,
      expect.objectContaining({ rows: 2501, created: 2500, rejected: 1, end: 'complete' }),
    ])
    expect(JSON.parse(first.stdout).rejects).toEqual([
      { line: 2502, reason: 'url must be an absolute http:// or https:// URL' },
    ])
    const again = await cli('import', file, '--json', '--domain', '*', '--on-conflict', 'overwrite')
    expect(JSON.parse(again.stdout)).toMatchObject({ updated: 2500 })
    expect(JSON.parse((await cli('links', 'get', 'k42', '--domain', '*', '--json')).stdout)).toMatchObject({
      hits: 42,
      createdAt: '2020-01-01T00:00:00.000Z',
      title: 'T42',
    })
    expect(await edge.follow('k42')).toBe('https://acme.example/42')
  })

  test('imports the visits of imported links, twice without doubling them', async ({ cli, folder }) => {
    const links = join(folder, 'short_urls.csv')
    writeFileSync(
      links,
      'createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits\n' +
        '2020-01-01T00:00:00Z,,sale,https://s.test/sale,https://acme.example/,,,9\n' +
        '2020-01-01T00:00:00Z,,a/b,https://s.test/a/b,https://acme.example/,,,1\n',
    )
    await cli('import', links, '--json', '--domain', '*')
    const visits = join(folder, 'visits.csv')
    writeFileSync(visits, exportFile('shlink-visits.csv'))
    const first = await cli('import', 'visits', visits, '--json', '--domain', '*', '--geography')
    expect([first.code, JSON.parse(first.stdout)]).toEqual([
      3,
      expect.objectContaining({ rows: 8, counted: 6, before: 0, refused: 0, rejected: 1, end: 'complete' }),
    ])
    const again = await cli('import', 'visits', visits, '--json', '--domain', '*')
    expect(JSON.parse(again.stdout)).toMatchObject({ counted: 0, before: 6 })
    // The total is what Shlink counted, of which five visits are told and the rest has no day.
    expect(JSON.parse((await cli('links', 'get', 'sale', '--domain', '*', '--json')).stdout).hits).toBe(9)
    const range = ['--from', '2024-05-01', '--to', '2024-05-03', '--by', 'country', '--by', 'city', '--json']
    const stats = JSON.parse((await cli('stats', 'show', 'sale', '--domain', '*', ...range)).stdout)
    expect(stats.totals).toMatchObject({ hits: 5, people: 3, bots: 2, visitors: 0 })
    expect(stats.groups.country.values).toEqual([
      { value: 'DE', people: 2 },
      { value: 'US', people: 1 },
    ])
    expect(stats.groups.city.values[0]).toEqual({ value: 'Köln', people: 2 })
  })

  test('an export imports back to equal links', async ({ cli, folder }) => {
    const comparable = (link: Record<string, unknown>) => {
      // Which hits were made by bots is not in an export of links.
      const { id, version, updatedAt, shortUrl, lastHitAt, people, ...fields } = link
      return fields
    }
    const created = await cli(
      'links',
      'create',
      'https://acme.example/ü?a=b,"c',
      '--code',
      'odd/one',
      '--title',
      '=1+1, "x"',
      '--tag',
      'a|b',
      '--tag',
      '-c',
    )
    expect(created).toMatchObject({ code: 0 })
    // Visits of other tests may still be on their way.
    await cli('flush')
    const before = linesOf((await cli('export', '--format', 'jsonl')).stdout)
    for (const format of ['csv', 'json', 'jsonl']) {
      const file = join(folder, `export.${format}`)
      expect(await cli('export', '-o', file)).toMatchObject({ code: 0 })
      expect(await cli('links', 'delete', '--search', 'acme', '--yes')).toMatchObject({ code: 0 })
      expect((await cli('export', '--format', 'jsonl')).stdout).toBe('')
      const imported = await cli('import', file, '--json')
      expect(JSON.parse(imported.stdout)).toMatchObject({ created: before.length, rejected: 0 })
      const after = linesOf((await cli('export', '--format', 'jsonl')).stdout)
      expect(after.map(comparable).sort(byCode)).toEqual(before.map(comparable).sort(byCode))
    }
  })

  test('an export that comes back over its own links doubles no hits, flushed or waiting', async ({
    edge,
    cli,
    folder,
  }) => {
    const link = { url: 'https://restored.acme.example/', code: 'restored', hits: 100 }
    await edge.api('POST', '/links/import', { links: [link] })
    const visit = () => edge.get('/restored')
    const total = async (): Promise<number> =>
      JSON.parse((await cli('links', 'get', 'restored', '--domain', '*', '--json')).stdout).hits
    await visit()
    await cli('flush')
    await visit()
    await expect.poll(total, { timeout: 10_000 }).toBe(102)
    for (const format of ['csv', 'jsonl']) {
      const file = join(folder, `restored.${format}`)
      await cli('export', '--search', 'restored.acme', '-o', file)
      const imported = await cli('import', file, '--on-conflict', 'overwrite', '--json')
      expect(JSON.parse(imported.stdout)).toMatchObject({ updated: 1 })
      expect(await total()).toBe(102)
    }
    await visit()
    await expect.poll(total, { timeout: 10_000 }).toBe(103)
  })

  test('create, edit, list, key, domain, flush and health', async ({ edge, cli }) => {
    expect((await cli('links', 'create', 'https://x.example/', '--code', 'mine')).stdout).toMatch(/\/mine\n$/)
    const edited = await cli(
      'links',
      'edit',
      'mine',
      '--to',
      'https://y.example/',
      '--expires',
      'never',
      '--json',
    )
    expect(JSON.parse(edited.stdout)).toMatchObject({ url: 'https://y.example/' })
    expect((await cli('links', 'edit', 'mine', '--enabled', 'false', '--if-version', '1')).stderr).toMatch(
      /version/,
    )
    expect((await cli('links', 'list', '--search', 'y.example')).stdout).toContain(
      '/mine\thttps://y.example/\t',
    )
    const first = JSON.parse((await cli('keys', 'create', 'test', '--scope', 'links:read', '--json')).stdout)
    const key = (await cli('keys', 'rotate', first.id)).stdout.trim()
    expect(key).not.toBe(first.key)
    expect((await runCli(['links', 'list'], { env: cliEnv(edge, key) })).code).toBe(0)
    expect((await runCli(['links', 'delete', 'mine', '--yes'], { env: cliEnv(edge, key) })).code).toBe(1)
    expect((await cli('domains', 'set', 'go.example', '--robots', 'disallow', '--json')).code).toBe(0)
    expect((await cli('domains', 'list')).stdout).toContain('go.example')
    for (const command of ['flush', 'warm', 'reconcile', 'health']) expect((await cli(command)).code).toBe(0)
    expect((await cli('links', 'delete', 'mine', '--yes')).stdout).toBe('1 deleted\n')
  })
})

function byCode(a: object, b: object): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b))
}

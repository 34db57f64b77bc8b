import { describe, expect } from 'vitest'
import { runCli } from '../cli/support/run-cli.ts'
import { cliEnv, test } from '../support/cli-test.ts'
import type { Edge } from '../support/edge.ts'

describe('a host that gets a namespace of its own', () => {
  const HOST = 'own.example.com'
  const visitsAt = async (at: Edge, path: string) => (await at.getAt(HOST, path)).headers.get('location')

  test('adopts links that it shared before, without a moment in which they lead nowhere', async ({
    edge,
    startEdge,
    cli,
  }) => {
    const rows = Array.from({ length: 1200 }, (_, i) => ({
      url: `https://adopt.example/${i}`,
      code: `adopt-${i}`,
    }))
    for (let start = 0; start < rows.length; start += 1000) {
      await edge.api('POST', '/links/bulk', { links: rows.slice(start, start + 1000) })
    }
    const listed = await startEdge({ DOMAINS: HOST })
    expect(await visitsAt(edge, '/adopt-7')).toBe('https://adopt.example/7')
    expect(await visitsAt(listed, '/adopt-7')).toBeNull()
    const adopt = (...options: string[]) =>
      cli('domains', 'adopt', HOST, '--search', 'adopt.example', ...options)
    const dry = await adopt('--dry-run')
    expect([dry.stdout, dry.stderr]).toEqual([
      '1200 would be moved\n',
      expect.stringContaining('not in DOMAINS'),
    ])
    expect((await adopt('--copy')).code).toBe(2)
    expect(await adopt('--copy', '--yes')).toMatchObject({ code: 0, stdout: '1200 copied\n' })
    expect([await visitsAt(edge, '/adopt-7'), await visitsAt(edge, '/adopt-1199')]).toEqual([
      'https://adopt.example/7',
      'https://adopt.example/1199',
    ])
    await expect.poll(() => visitsAt(listed, '/adopt-7')).toBe('https://adopt.example/7')
    await edge.create({ url: 'https://adopt.example/late', code: 'adopt-late' })
    const late = await adopt('--copy', '--yes', '--json')
    expect(JSON.parse(late.stdout)).toEqual({ matched: 1, moved: 1, taken: 1200 })
  })

  test('moves them away from the other hosts if asked to, and goes on where it stopped', async ({
    edge,
    startEdge,
  }) => {
    const listed = await startEdge({ DOMAINS: HOST })
    const links = Array.from({ length: 3 }, (_, i) => ({
      url: 'https://moved.example/',
      code: `m-${i}`,
      domain: '*',
    }))
    await listed.api('POST', '/links/bulk', { links })
    await listed.create({ url: 'https://taken.example/', code: 'm-1', domain: HOST })
    const argv = ['domains', 'adopt', HOST, '--search', 'moved.example', '--yes']
    for (const stdout of ['2 moved\n', '0 moved\n']) {
      const run = await runCli(argv, { env: cliEnv(listed) })
      expect(run).toMatchObject({ code: 0, stdout })
      expect(run.stderr).toContain(`1 stay as they are: ${HOST} has links with their codes.`)
    }
    expect([await visitsAt(listed, '/m-0'), await visitsAt(listed, '/m-1')]).toEqual([
      'https://moved.example/',
      'https://taken.example/',
    ])
    expect((await edge.get('/m-0')).status).toBe(404)
  })

  test('is not adopted from itself', async ({ cli }) => {
    expect((await cli('domains', 'adopt', HOST, '--domain', HOST)).code).toBe(2)
  })
})

test('links are moved, and their tags added and taken away', async ({ edge, cli }) => {
  await cli('links', 'create', 'https://x.example/', '--code', 'before', '--tag', 'a', '--tag', 'b')
  const edited = await cli(
    ...['links', 'edit', 'before', '--new-code', 'after', '--keep-old-code', '--json'],
    ...['--add-tag', 'c', '--remove-tag', 'a'],
  )
  expect(JSON.parse(edited.stdout)).toMatchObject({ code: 'after', tags: ['b', 'c'] })
  expect([await edge.follow('before'), await edge.follow('after')]).toEqual(
    Array(2).fill('https://x.example/'),
  )
  const all = await cli('links', 'edit-all', '--tag', 'c', '--remove-tag', 'c', '--add-tag', 'd', '--yes')
  expect(all.stdout).toBe('2 matched, 2 changed\n')
  expect((await cli('links', 'edit', 'after', '--set-tag', 'x', '--add-tag', 'y')).code).toBe(2)
  expect((await cli('links', 'edit', 'after')).code).toBe(2)
})

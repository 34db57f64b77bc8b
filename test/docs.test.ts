import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: ROOT })]
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8')

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

/** In a line, a file without a folder is beside the one named before it: `src/redirect/decide.ts`, `respond.ts`. */
function sourcePathsIn(line: string): string[] {
  let folder: string | undefined
  return [...line.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) => {
    if (name.startsWith('src/')) folder = dirname(name)
    else if (folder === undefined || !/^[\w-]+\.ts$/.test(name)) return []
    return name.startsWith('src/') ? name : `${folder}/${name}`
  })
}

describe('the manual', () => {
  test.each(pages)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)/g)]
    const broken = links.filter(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path)
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  test.each(pages)('%s names only source files and folders that exist', (page) => {
    const missing = read(page)
      .split('\n')
      .flatMap(sourcePathsIn)
      .filter((path) => !existsSync(join(ROOT, path)))
    expect(missing).toEqual([])
  })

  test('every log event that the operations name is logged', () => {
    const table = read('docs/operations.md').split('## Log events')[1] ?? ''
    const events = [...table.matchAll(/`([a-z_]+\.[a-z_]+)/g)].map(([, event = '']) => event)
    const source = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('')
    expect(events.length).toBeGreaterThan(5)
    expect(events.filter((event) => !source.includes(`'${event}'`))).toEqual([])
  })

  test('every npm script that the manual names is in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }
    const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([\w:]+)/g)])
    expect(named.length).toBeGreaterThan(10)
    expect(named.map(([, name = '']) => name).filter((name) => scripts[name] === undefined)).toEqual([])
  })

  test('every test that the guarantees name is there', () => {
    const named = [...read('docs/guarantees.md').matchAll(/`([\w/-]+\.test\.ts)`/g)].map(
      ([, name = '']) => name,
    )
    expect(named.length).toBeGreaterThan(10)
    const missing = named.filter(
      (name) => !existsSync(join(ROOT, name)) && !existsSync(join(ROOT, 'test/faults', name)),
    )
    expect(missing).toEqual([])
  })

  test('README can be read in two minutes', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150)
  })
})

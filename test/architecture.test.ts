import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = globSync('src/**/*.ts', { cwd: root })

/** What a source file imports, statically or not: packages by name, files by their path from the root. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8')
  const specifiers = source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)
  return [...specifiers].map(([, specifier = '']) =>
    specifier.startsWith('.') ? join(dirname(file), specifier) : specifier,
  )
}

const importersOf = (pattern: RegExp, among: readonly string[]): string[] =>
  among.filter((file) => importsOf(file).some((target) => pattern.test(target)))

/** From the bottom to the top. An import runs down, or stays where it is. */
const FLOORS = [
  'links/',
  '(?:cache|registers)/',
  'visits/',
  'hits/',
  'owners/',
  'operations/',
  'api/',
  'redirect/',
  '(?:app|cron|live-links|services|stores|worker)\\.ts',
]

/** What is evaluated together with a source file: packages and files, but not what it imports on first use. */
function evaluatedBy(file: string, found = new Set<string>()): string[] {
  const source = readFileSync(join(root, file), 'utf8')
  for (const [, specifier = ''] of source.matchAll(
    /^(?:import|export) (?!type |interface )[^'(=]*'([^']+)'/gm,
  )) {
    const target = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier
    if (found.has(target)) continue
    found.add(target)
    if (target !== specifier) evaluatedBy(target, found)
  }
  return [...found]
}

const isOffEdge = (file: string): boolean => /^src\/(?:local|cli|node)\//.test(file)

describe('architecture', () => {
  test('the Worker never imports the local stack, the CLI or Node', () => {
    const worker = files.filter((file) => !isOffEdge(file))
    expect(importersOf(/^src\/(?:local|cli|node)\/|^node:/, worker)).toEqual([])
  })

  test('the CLI and the local stack share what is in node/, and never import each other', () => {
    const inFolder = (folder: string): string[] => files.filter((file) => file.startsWith(`src/${folder}/`))
    expect(importersOf(/^src\/local\//, [...inFolder('cli'), ...inFolder('node')])).toEqual([])
    expect(importersOf(/^src\/cli\//, [...inFolder('local'), ...inFolder('node')])).toEqual([])
    expect(importersOf(/^src\/api\/(?!contract\/)/, inFolder('cli').concat(inFolder('local')))).toEqual([])
  })

  test('only the app and the API import Hono, so a redirect from memory needs none of it', () => {
    const others = files.filter((file) => !/^src\/(?:api\/|app\.ts$|sha256\.ts$)/.test(file))
    expect(
      importersOf(/^src\/sha256\.ts$/, others).filter((file) => !file.startsWith('src/owners/')),
    ).toEqual([])
    expect(others.length).toBeGreaterThan(10)
    expect(importersOf(/^hono/, others)).toEqual([])
  })

  test('an isolate that only redirects never evaluates the API, valibot, Drizzle or a driver', () => {
    const evaluated = evaluatedBy('src/worker.ts')
    expect(evaluated).toContain('src/redirect/redirect.ts')
    expect(evaluated).toContain('hono')
    const lazy = /^src\/(?:api|postgres)\/|^(?:valibot|drizzle-orm|@neondatabase|bowser|isbot)\b/
    expect(evaluated.filter((target) => lazy.test(target))).toEqual([])
  })

  test('only Postgres adapters import the tables', () => {
    const others = files.filter((file) => !/^src\/postgres\//.test(file))
    expect(importersOf(/^src\/postgres\/schema\.ts$/, others)).toEqual([])
  })

  test('only Postgres adapters import Drizzle', () => {
    const others = files.filter((file) => !isOffEdge(file) && !/^src\/postgres\//.test(file))
    expect(importersOf(/^drizzle-orm/, others)).toEqual([])
  })

  test('no import runs up', () => {
    const floors = FLOORS.map((floor) => new RegExp(`^src/${floor}`))
    for (const [i, floor] of floors.entries()) {
      const here = files.filter((file) => floor.test(file))
      expect(here.length).toBeGreaterThan(0)
      expect(floors.slice(i + 1).flatMap((above) => importersOf(above, here))).toEqual([])
    }
  })

  test('only the composition root imports Postgres adapters, so each port stands with its users', () => {
    const others = files.filter((file) => !isOffEdge(file) && !/^src\/(?:postgres\/|stores\.ts)/.test(file))
    expect(importersOf(/^src\/postgres\//, others)).toEqual([])
  })

  test('owners have one way to publish, so nothing is written without being published', () => {
    const publishers = files.filter((file) => /^src\/(?:owners|api)\//.test(file))
    expect(importersOf(/^src\/registers\/publisher\.ts$/, publishers)).toEqual([
      'src/owners/published-writes.ts',
    ])
  })

  test('every text of a request goes through one definition of text', () => {
    const schemas = files.filter((file) => /^src\/api\/(?!contract\/(?:response-schema|scalars))/.test(file))
    expect(schemas.filter((file) => readFileSync(join(root, file), 'utf8').includes('v.string('))).toEqual([])
  })

  test('only the Worker has a default export', () => {
    const withDefault = files.filter((file) =>
      /^export default/m.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(withDefault).toEqual(['src/worker.ts'])
  })

  test('no path is taken from a URL, which has %20 for a space', () => {
    const everywhere = globSync(['src/**/*.ts', 'test/**/*.ts', '*.ts'], { cwd: root })
    const withUrlPath = everywhere.filter((file) =>
      /import\.meta\.url\)\s*\.pathname/.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(withUrlPath).toEqual([])
  })
})

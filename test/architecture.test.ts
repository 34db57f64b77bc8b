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

const isOffEdge = (file: string): boolean => /^src\/(?:local|cli)\//.test(file)

describe('architecture', () => {
  test('the Worker never imports the local stack, the CLI or Node', () => {
    const worker = files.filter((file) => !isOffEdge(file))
    expect(importersOf(/^src\/(?:local|cli)\/|^node:/, worker)).toEqual([])
  })

  test('only the API imports Hono, so an isolate that only redirects never evaluates it', () => {
    const others = files.filter((file) => !/^src\/(?:api\/|sha256\.ts$)/.test(file))
    expect(importersOf(/^src\/sha256\.ts$/, others).sort()).toEqual([
      'src/owners/api-key.ts',
      'src/owners/key-ring.ts',
    ])
    expect(others.length).toBeGreaterThan(10)
    expect(importersOf(/^hono/, others)).toEqual([])
  })

  test('nothing imports the tables: they are for migrations, and would bring the query builder along', () => {
    expect(importersOf(/^src\/postgres\/schema\.ts$/, files)).toEqual([])
  })

  test('only Postgres adapters import Drizzle', () => {
    const others = files.filter((file) => !isOffEdge(file) && !/^src\/postgres\//.test(file))
    expect(importersOf(/^drizzle-orm/, others)).toEqual([])
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

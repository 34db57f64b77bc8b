/**
 * @module
 * Mutation testing by hand-picked mutations: each one breaks a promise, and the tests named beside it must fail.
 *
 *     npm run test:mutations                 all of them (about a quarter of an hour)
 *     npm run test:mutations -- lease clock  those whose names contain one of these words
 *
 * The sources are copied to a temporary folder first, so the working tree stays as it is.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MUTATIONS, type Mutation } from './mutations.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A mutation may make a test hang; that it does not pass is what counts. */
const TESTS_TAKE_AT_MOST_MS = 10 * 60 * 1000

async function main(words: readonly string[]): Promise<boolean> {
  const chosen = MUTATIONS.filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  )
  const folder = await copyOfSources()
  try {
    const tests = [...new Set(chosen.flatMap((mutation) => mutation.tests))]
    console.log(`${chosen.length} mutations. First the ${tests.length} test files without any:`)
    if (!(await pass(folder, tests))) {
      console.log('They fail without a mutation already.')
      return false
    }
    const survivors: string[] = []
    for (const mutation of chosen) {
      const survived = await survives(folder, mutation)
      console.log(`${survived ? 'SURVIVED' : 'caught  '}  ${mutation.name}`)
      if (survived) survivors.push(mutation.name)
    }
    console.log(`${chosen.length - survivors.length} of ${chosen.length} mutations caught.`)
    return survivors.length === 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyOfSources(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'linkr-mutations-'))
  for (const name of ['src', 'test', 'drizzle', 'package.json', 'tsconfig.json', 'wrangler.toml']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function survives(folder: string, { file, find, replace, tests }: Mutation): Promise<boolean> {
  const path = join(folder, file)
  const original = await readFile(path, 'utf8')
  if (original.split(find).length !== 2) throw new Error(`${file} does not contain exactly once: ${find}`)
  await writeFile(
    path,
    original.replace(find, () => replace),
  )
  try {
    return await pass(folder, tests)
  } finally {
    await writeFile(path, original)
  }
}

function pass(folder: string, tests: readonly string[]): Promise<boolean> {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  return new Promise((resolve, reject) => {
    const run = spawn(
      process.execPath,
      [vitest, 'run', '--config', 'test/vitest.config.ts', '--bail', '1', ...tests],
      { cwd: folder, stdio: process.env.VERBOSE ? 'inherit' : 'ignore', timeout: TESTS_TAKE_AT_MOST_MS },
    )
    run.on('error', reject)
    run.on('close', (code) => resolve(code === 0))
  })
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1

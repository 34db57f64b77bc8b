import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { FakeLink, FakeLinkr } from './fake-linkr.ts'
import { type CliRun, runCli } from './run-cli.ts'

export interface Imported extends CliRun {
  // biome-ignore lint/suspicious/noExplicitAny: the report as scripts read it
  readonly report: any
  link(code: string, domain?: string): FakeLink
}

/** Imports a file with this content into `linkr`, as `linkr import <name> --json ...`. */
export async function importText(
  linkr: FakeLinkr,
  name: string,
  content: string | Uint8Array,
  ...options: readonly string[]
): Promise<Imported> {
  const folder = temporaryFolder()
  try {
    const file = join(folder, name)
    writeFileSync(file, content)
    const result = await runCli(['import', file, '--json', ...options], { env: linkr.env })
    const report = result.stdout === '' ? undefined : JSON.parse(result.stdout)
    if (report !== undefined) expectToAddUp(report)
    return {
      ...result,
      report,
      link(code, domain = '*') {
        const link = linkr.links.get(`${domain}/${code}`)
        if (link === undefined) throw new Error(`no link ${domain}/${code}: ${[...linkr.links.keys()]}`)
        return link
      },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Every row that was read has come to exactly one end, whatever the import was. */
function expectToAddUp(report: Record<string, number>): void {
  const ends = ['created', 'updated', 'skipped', 'renamed', 'rejected']
  const sum = ends.reduce((total, end) => total + (report[end] ?? Number.NaN), 0)
  expect(sum, JSON.stringify(report)).toBe((report.rows ?? Number.NaN) + (report.extra ?? Number.NaN))
}

/** An export as a peer's own code wrote it. */
export function exportFile(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'exports', name))
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'linkr-cli-'))
}

/**
 * @module
 * `npm run bench:size`: how large the deployed Worker is, by package, and how soon a new process redirects.
 */
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { gzipSync } from 'node:zlib'
import { type Bundle, buildBare, buildLinkr } from './build.ts'
import { divideCores } from './cores.ts'
import { type Fixture, HOT, startFixture } from './fixture.ts'
import { saveResult } from './results.ts'
import { type Spread, spread } from './statistics.ts'
import { startWorkerd } from './workerd.ts'
import type { Server } from './workerd-config.ts'

export interface SizeResult {
  readonly bytes: number
  readonly gzipBytes: number
  /** Bytes by package, minified, the largest first. */
  readonly packages: readonly { readonly name: string; readonly bytes: number }[]
  /** From the start of the process to the first redirect, in ms. */
  readonly firstRedirectMs: FirstRedirects
}

export interface FirstRedirects {
  readonly bare: Spread
  readonly linkr: Spread
  readonly ratio: Spread
  /** The machine's load average over a minute, before each round: a busy machine makes both late, but not alike. */
  readonly load: Spread
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >
}

export function sizeByPackage({ metafile }: Bundle): SizeResult['packages'] {
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile
  const sizes = new Map<string, number>()
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? 'linkr'
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput)
    }
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes)
}

/** Neither isolate has anything in memory: linkr's first redirect takes its link from Redis. */
async function firstRedirectMs(server: Server, core: number | null): Promise<number> {
  const startedAt = performance.now()
  const worker = await startWorkerd({ name: `first-${server.name}`, servers: [server], core })
  const response = await fetch(`${worker.urls.get(server.name)}${HOT}`, { redirect: 'manual' })
  const took = performance.now() - startedAt
  if (response.status !== 302) throw new Error(`${server.name} answered ${response.status}`)
  await worker.close()
  return took
}

async function measureFirstRedirects(
  linkr: Bundle,
  fixture: Fixture,
  rounds: number,
): Promise<FirstRedirects> {
  const cores = divideCores()
  const servers = {
    bare: { name: 'bare', script: buildBare().script },
    linkr: { name: 'linkr', script: linkr.script, bindings: fixture.bindings },
  }
  // The first of each also brings the link into Redis and the files into the system's cache.
  for (const server of Object.values(servers)) await firstRedirectMs(server, cores.server)
  const measured: { readonly load: number; readonly bare: number; readonly linkr: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    const load = loadavg()[0] ?? Number.NaN
    const bare = await firstRedirectMs(servers.bare, cores.server)
    const linkr = await firstRedirectMs(servers.linkr, cores.server)
    measured.push({ load, bare, linkr })
    console.log(
      `first redirect, round ${round} of ${rounds}: linkr ${linkr.toFixed(0)} ms, bare ${bare.toFixed(0)} ms, ratio ${(linkr / bare).toFixed(2)}, load average ${load.toFixed(1)}`,
    )
  }
  return {
    bare: spread(measured.map(({ bare }) => bare)),
    linkr: spread(measured.map(({ linkr }) => linkr)),
    ratio: spread(measured.map(({ bare, linkr }) => linkr / bare)),
    load: spread(measured.map(({ load }) => load)),
  }
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 20)
  const linkr = buildLinkr()
  const script = readFileSync(linkr.script)
  const fixture = await startFixture()
  const result: SizeResult = {
    bytes: script.length,
    gzipBytes: gzipSync(script).length,
    packages: sizeByPackage(linkr),
    firstRedirectMs: await measureFirstRedirects(linkr, fixture, rounds),
  }
  await fixture.stores.close()
  console.table(result.packages)
  console.log(`${result.bytes} bytes, gzip ${(result.gzipBytes / 1024).toFixed(1)} KiB`)
  console.log('ms from process start to first redirect', result.firstRedirectMs)
  saveResult('size', result)
}

if (import.meta.main) {
  await main()
  process.exit(0)
}

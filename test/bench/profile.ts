/**
 * @module
 * `npm run bench:profile`: where a redirect from memory spends its CPU time, by function, beside the bare Worker that
 * shares its response. The share of JavaScript in each says more on a busy machine than their times do.
 */
import { buildLinkr, buildShared } from './build.ts'
import { cpuMicroseconds, divideCores } from './cores.ts'
import { HOT, startFixture } from './fixture.ts'
import { openInspector } from './inspector.ts'
import { generateLoad } from './rounds.ts'
import { startWorkerd } from './workerd.ts'
import type { Server } from './workerd-config.ts'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
}

const SECONDS = Number(process.argv[2] ?? 5)
const LINES = 30
const GC = '(garbage collector)'

const cores = divideCores()

async function profile(server: Server): Promise<void> {
  const { name } = server
  const worker = await startWorkerd({
    name: `profile-${name}`,
    servers: [server],
    core: cores.server,
    inspect: true,
  })
  const load = { url: worker.urls.get(name) ?? '', connections: 32, method: 'GET', path: HOT } as const
  await generateLoad({ ...load, seconds: 2 }, cores.load)
  const inspector = await openInspector(`${worker.inspector}/${name}`)
  await inspector.send('Profiler.enable')
  await inspector.send('Profiler.setSamplingInterval', { interval: 200 })
  await inspector.send('Profiler.start')
  const cpuBefore = cpuMicroseconds(worker.pid)
  const { requests } = await generateLoad({ ...load, seconds: SECONDS }, cores.load)
  const cpuUs = ((cpuMicroseconds(worker.pid) ?? Number.NaN) - (cpuBefore ?? Number.NaN)) / requests
  const { profile: sampled } = await inspector.send<{ profile: CpuProfile }>('Profiler.stop')
  inspector.close()
  await worker.close()
  print(name, requests, cpuUs, sampled)
}

function print(title: string, requests: number, cpuUs: number, { nodes, samples }: CpuProfile): void {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byKind = { JavaScript: 0, native: 0, GC: 0 }
  let busy = 0
  for (const id of samples) {
    const { functionName = '?', lineNumber = -1 } = frames.get(id) ?? {}
    if (functionName === '(idle)') continue
    busy++
    byKind[functionName === GC ? 'GC' : lineNumber < 0 ? 'native' : 'JavaScript']++
    const name = `${functionName || '(anonymous)'}${lineNumber < 0 ? '' : `:${lineNumber + 1}`}`
    byFunction.set(name, (byFunction.get(name) ?? 0) + 1)
  }
  const percent = (count: number): string => ((100 * count) / busy).toFixed(1)
  const kinds = Object.entries(byKind).map(([kind, count]) => `${percent(count)} % ${kind}`)
  console.log(`${title}: ${requests} requests, ${cpuUs.toFixed(1)} µs of CPU each; ${kinds.join(', ')}`)
  for (const [name, count] of [...byFunction].sort(([, a], [, b]) => b - a).slice(0, LINES)) {
    console.log(`${percent(count).padStart(6)} %  ${name}`)
  }
}

const { stores, bindings } = await startFixture()
await profile({ name: 'shared', script: buildShared().script })
await profile({ name: 'linkr', script: buildLinkr({ isReadable: true }).script, bindings })
await stores.close()
process.exit(0)

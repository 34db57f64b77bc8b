/**
 * @module
 * `npm run bench:profile`: where the isolate's time goes while it redirects from memory, by function.
 */
import { buildLinkr } from './build.ts'
import { divideCores } from './cores.ts'
import { HOT, startFixture } from './fixture.ts'
import { openInspector } from './inspector.ts'
import { generateLoad } from './rounds.ts'
import { startWorkerd } from './workerd.ts'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
}

const SECONDS = Number(process.argv[2] ?? 5)
const LINES = 40

const cores = divideCores()
const { stores, bindings } = await startFixture()
const { script } = buildLinkr({ isReadable: true })
const worker = await startWorkerd({
  name: 'profile',
  servers: [{ name: 'linkr', script, bindings }],
  core: cores.server,
  inspect: true,
})
const load = {
  url: worker.urls.get('linkr') ?? '',
  connections: 32,
  method: 'GET',
  path: HOT,
} as const
await generateLoad({ ...load, seconds: 2 }, cores.load)
const inspector = await openInspector(`${worker.inspector}/linkr`)
await inspector.send('Profiler.enable')
await inspector.send('Profiler.setSamplingInterval', { interval: 200 })
await inspector.send('Profiler.start')
const { requests } = await generateLoad({ ...load, seconds: SECONDS }, cores.load)
const { profile } = await inspector.send<{ profile: CpuProfile }>('Profiler.stop')

const names = new Map(
  profile.nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
    id,
    `${functionName || '(anonymous)'}${lineNumber < 0 ? '' : `:${lineNumber + 1}`}`,
  ]),
)
const samples = new Map<string, number>()
for (const id of profile.samples) {
  const name = names.get(id) ?? '?'
  samples.set(name, (samples.get(name) ?? 0) + 1)
}
const busiest = [...samples].sort(([, a], [, b]) => b - a).slice(0, LINES)
console.log(`${requests} requests, ${profile.samples.length} samples, by the function that was running:`)
for (const [name, count] of busiest) {
  console.log(`${((100 * count) / profile.samples.length).toFixed(1).padStart(6)} %  ${name}`)
}
inspector.close()
await worker.close()
await stores.close()
process.exit(0)

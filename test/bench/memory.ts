import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeRegister } from '../../src/registers/codec.ts'
import { linkCodec } from '../../src/registers/link-codec.ts'
import { sampleLink } from '../support/sample-link.ts'
import { type Cores, peakMemory } from './cores.ts'
import { meterHeap } from './heap-meter.ts'
import { generateLoad } from './rounds.ts'
import { startWorkerd } from './workerd.ts'

export interface MemoryResult {
  readonly distinctCodes: number
  /** What the isolate held while it saw the second twentieth of the codes, and the last one, in bytes. */
  readonly heapEarly: number
  readonly heapEnd: number
  /** Of the whole process, V8 and workerd included. */
  readonly processPeak: number | null
}

/** Long enough for full collections. The cache of the isolate is full after less than the first part of a million. */
const PARTS = 20

/**
 * Sends ever new codes through one isolate. Every one of them is a link, twice asked for, so that all that is kept of a
 * link is there. A stub stands in for Redis: it is the isolate that is measured.
 */
export async function measureMemory(
  bindings: Readonly<Record<string, string>>,
  script: string,
  cores: Cores,
  distinctCodes: number,
): Promise<MemoryResult> {
  const stub = await startStub()
  const { port } = stub.address() as AddressInfo
  const worker = await startWorkerd({
    name: 'memory',
    servers: [
      {
        name: 'memory',
        script,
        bindings: { ...bindings, UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${port}` },
      },
    ],
    core: cores.server,
    inspect: true,
  })
  const url = worker.urls.get('memory') ?? ''
  const meter = await meterHeap(`${worker.inspector}/memory`)
  const count = Math.ceil(distinctCodes / PARTS)
  const floors: number[] = []
  for (let part = 0; part < PARTS; part++) {
    const path = { prefix: '/m', first: part * count, count, repeat: 2 }
    const load = { url, path, method: 'HEAD', connections: 32, seconds: 600, amount: 2 * count } as const
    await generateLoad(load, cores.load)
    floors.push(meter.floor())
  }
  const result = {
    distinctCodes: PARTS * count,
    heapEarly: floors[1] ?? Number.NaN,
    heapEnd: floors.at(-1) ?? Number.NaN,
    processPeak: peakMemory(worker.pid),
  }
  meter.close()
  await worker.close()
  stub.close()
  return result
}

/** An Upstash that has whatever link it is asked for. */
function startStub(): Promise<Server> {
  const link = sampleLink({ url: `https://example.com/${'a'.repeat(80)}` })
  const register = encodeRegister(
    { version: 1, value: link, softExpiresAt: Date.now() + 3_600_000, loadMs: 5 },
    linkCodec,
  )
  const answer = JSON.stringify({ result: register })
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(answer))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

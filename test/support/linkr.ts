/**
 * @module
 * `test` with linkr as its fixtures. A test names what it needs: `test('...', async ({ stores, edge }) => ...)`. The first test that
 * names a fixture starts it, and the end of the file closes it.
 */
import { test as base } from 'vitest'
import { type Edge, type RateLimits, type Settings, startEdge } from './edge.ts'
import { type Stores, startStores } from './stores.ts'

export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures this one needs.
  .extend('stores', { scope: 'file' }, async ({}, { onCleanup }) => {
    const stores = await startStores()
    onCleanup(stores.close)
    return stores
  })
  /** Of `edge` and `elsewhere`; a file sets them by `test.override('settings', { ... })`. */
  .extend('settings', { scope: 'file' }, (): Settings => ({}))
  /** The edge locations that stay until the end of the file. */
  .extend('edges', { scope: 'file' }, ({ stores }, { onCleanup }) => {
    const edges = edgesOver(stores)
    onCleanup(edges.close)
    return edges
  })
  .extend('edge', { scope: 'file' }, ({ edges, settings }) => edges.start(settings))
  .extend('elsewhere', { scope: 'file' }, ({ edges, settings }) => edges.start(settings))
  /** Starts an edge location that closes with its test. It knows nothing of `settings`. */
  .extend('startEdge', ({ stores }, { onCleanup }) => {
    const edges = edgesOver(stores)
    onCleanup(edges.close)
    return edges.start
  })

export interface Edges {
  readonly running: readonly Edge[]
  start(settings?: Settings, rateLimits?: RateLimits): Promise<Edge>
  close(): Promise<void>
}

function edgesOver(stores: Stores): Edges {
  const running: Edge[] = []
  return {
    running,
    async start(settings, rateLimits) {
      const edge = await startEdge(stores, settings, rateLimits)
      running.push(edge)
      return edge
    },
    async close() {
      for (const edge of running) await edge.close()
    },
  }
}

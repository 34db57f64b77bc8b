import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Edge, startEdge } from '../support/edge.ts'
import { type Stores, startStores } from '../support/stores.ts'

let stores: Stores
let edge: Edge

beforeAll(async () => {
  stores = await startStores()
  edge = await startEdge(stores, { DOMAINS: 'go.example.com,b.example.com' })
})

afterAll(async () => {
  await edge?.close()
  await stores?.close()
})

const url = 'https://acme.example/'

test.each([true, false])(
  'an import tells a link that is there already from a code that leads elsewhere (dry run: %s)',
  async (dryRun) => {
    const domain = 'go.example.com'
    const code = `there-${dryRun}`
    const again = `twice-${dryRun}`
    await edge.create({ url, code, domain })
    const links = [
      // The same destination, though it is written otherwise.
      { url: 'https://ACME.example', code, domain },
      { url: `${url}other`, code, domain },
      { url: `${url}one`, code: again, domain },
      { url: `${url}one`, code: again, domain },
      { url: `${url}two`, code: again, domain },
      { url: `${url}other`, code, domain: 'b.example.com' },
    ]
    const response = await edge.api('POST', '/links/import', { dryRun, links })
    const { results } = (await response.json()) as { results: Record<string, unknown>[] }
    expect(results.map(({ outcome, sameDestination }) => [outcome, sameDestination])).toEqual([
      ['skipped', true],
      ['skipped', false],
      ['created', undefined],
      ['skipped', true],
      ['skipped', false],
      ['created', undefined],
    ])
    // Whoever may only write learns no destination from it.
    expect(JSON.stringify(results)).not.toContain('acme.example')
  },
)

test('the list of domains says which hosts are served, to a key those it may use', async () => {
  const served = async (token?: string) => {
    const response = await edge.api(
      'GET',
      '/domains',
      undefined,
      token === undefined ? {} : { Authorization: `Bearer ${token}` },
    )
    return ((await response.json()) as { served: string[] }).served
  }
  expect(await served()).toEqual(['go.example.com', 'b.example.com'])
  const made = await edge.api('POST', '/keys', {
    name: 'one domain',
    scopes: ['links:read'],
    domains: ['b.example.com'],
  })
  const { key } = (await made.json()) as { key: string }
  expect(await served(key)).toEqual(['b.example.com'])
})

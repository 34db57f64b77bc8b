import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { Miniflare } from 'miniflare'
import type { HealthReport } from '../../src/operations/health.ts'
import { WORKER_BUNDLE } from './build-worker.ts'
import type { Stores } from './stores.ts'

export const ADMIN_TOKEN = 'admin-token-of-the-tests'

/** One isolate of the built Worker in workerd: an edge location. */
export interface Edge {
  readonly url: string
  /** Never follows redirects. */
  get(path: string, init?: RequestInit): Promise<Response>
  /** As `get`, for a visitor of another host. */
  getAt(host: string, path: string): Promise<Response>
  /** The management API, by default as its admin; a body is sent as JSON. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>
  /** Creates a link and returns it. */
  create(link: Record<string, unknown>): Promise<ApiLink>
  /** Where a GET of this short link leads; `null` = nowhere. */
  follow(code: string): Promise<string | null>
  /** Edits the link's URL, or throws. */
  edit(id: string, url: string): Promise<void>
  /** All hits of a link, as its owner sees them. */
  hitsOf(id: string): Promise<number>
  health(): Promise<HealthReport>
  /** Has the hits that wait written to Postgres, now. */
  flush(): Promise<Response>
  /** Fires the cron trigger. */
  cron(): Promise<void>
  close(): Promise<void>
}

/** The `code` in a body: a link's, or a problem's. */
export const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as ApiLink).code

export interface ApiLink {
  readonly id: string
  readonly code: string
  readonly domain: string
  readonly url: string
  readonly shortUrl: string
  readonly hits: number
  readonly version: number
  readonly [field: string]: unknown
}

/** The Worker's variables. */
export type Settings = Readonly<Record<string, string>>

/** Binding -> requests a minute; without them nothing is limited. */
export type RateLimits = Readonly<Record<string, number>>

export async function startEdge(
  stores: Pick<Stores, 'bindings'>,
  settings: Settings = {},
  rateLimits: RateLimits = {},
): Promise<Edge> {
  const bindings = {
    HIT_COMMIT_WINDOW_MS: '50',
    HIT_COMMIT_MAX_WINDOW_MS: '50',
    REDIS_TIMEOUT_MS: '5000',
    ADMIN_TOKEN,
    ...stores.bindings,
    ...settings,
  }
  const miniflare = new Miniflare({
    // Shown with LINKR_TEST_LOGS=1.
    handleStructuredLogs: ({ message }: { readonly message: string }) =>
      process.env.LINKR_TEST_LOGS && console.log(message),
    logRequests: false,
    workers: [
      {
        config: {
          name: 'linkr',
          compatibilityDate: '2026-10-01',
          manifest: {
            mainModule: 'worker.js',
            modules: { 'worker.js': { type: 'esm', contents: await readFile(WORKER_BUNDLE, 'utf8') } },
          },
          env: {
            ...Object.fromEntries(
              Object.entries(bindings).map(([name, value]) => [name, { type: 'text' as const, value }]),
            ),
            ...Object.fromEntries(
              Object.entries(rateLimits).map(([namespace, limit]) => {
                const simple = { limit, period: 60 as const }
                return [namespace, { type: 'rate-limit' as const, namespace, simple }]
              }),
            ),
          },
          exports: {},
        },
        dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] },
      },
    ],
  })
  const worker = await miniflare.getWorker()
  const { origin } = await miniflare.unsafeGetDirectURL()

  const get: Edge['get'] = (path, init) => fetch(`${origin}${path}`, { redirect: 'manual', ...init })
  const api: Edge['api'] = (method, path, body, headers) =>
    get(`/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    url: origin,
    get,
    getAt: (host, path) => fetchAs(host, `${origin}${path}`),
    api,
    async create(link) {
      const response = await api('POST', '/links', link)
      if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`)
      return (await response.json()) as ApiLink
    },
    async follow(code) {
      return (await get(`/${code}`)).headers.get('location')
    },
    async edit(id, url) {
      const response = await api('PATCH', `/links/${id}`, { url })
      if (response.status !== 200) throw new Error(`edit: ${response.status} ${await response.text()}`)
    },
    async hitsOf(id) {
      return ((await (await api('GET', `/links/${id}`)).json()) as ApiLink).hits
    },
    async health() {
      return (await (await api('GET', '/health')).json()) as HealthReport
    },
    flush: () => api('POST', '/flush'),
    async cron() {
      const { outcome } = await worker.scheduled({ cron: '*/5 * * * *' })
      if (outcome !== 'ok') throw new Error(`cron: ${outcome}`)
    },
    close: () => miniflare.dispose(),
  }
}

/** `fetch` does not let a test choose the Host header. */
function fetchAs(host: string, url: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: { Host: host } }, (incoming) => {
      incoming.resume()
      const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ])
      resolve(new Response(null, { status: incoming.statusCode ?? 0, headers }))
    })
      .on('error', reject)
      .end()
  })
}

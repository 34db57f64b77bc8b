import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const TOKEN = 'lk_token-of-the-tests'

export interface FakeLink {
  readonly id: string
  readonly domain: string
  readonly code: string
  readonly url: string
  readonly title: string | null
  readonly tags: readonly string[]
  readonly status: number
  readonly enabled: boolean
  readonly forwardQuery: boolean
  readonly expiresAt: string | null
  readonly hits: number
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly shortUrl: string
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly key: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Json
}

// biome-ignore lint/suspicious/noExplicitAny: what clients send, as JSON.parse types it
type Json = any

/** What happens to a request instead of, or after, its being served. */
export type Fault =
  | 'drop the answer'
  | 'refuse the connection'
  | {
      readonly status: number
      readonly retryAfter?: string
      readonly body?: string
      readonly location?: string
    }

export interface FakeLinkr {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  /** By `domain/code`. */
  readonly links: Map<string, FakeLink>
  readonly requests: SeenRequest[]
  /** Hosts that are namespaces of their own. */
  served: readonly string[]
  /** Asked for every request; `undefined` = none. */
  fault: (request: SeenRequest) => Fault | undefined
  /** Other routes, asked first; `undefined` = not this one. */
  route: (request: SeenRequest) => readonly [status: number, body?: unknown] | undefined
  reset(): void
  close(): Promise<void>
}

/** The parts of linkr's API that the CLI's tests need, in memory, with faults on demand. */
export async function startFakeLinkr(): Promise<FakeLinkr> {
  const answers = new Map<string, string>()
  let ids = 0

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const url = new URL(request.url ?? '', 'http://x')
    const text = Buffer.concat(parts).toString()
    const key = request.headers['idempotency-key']
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname.replace(/^\/api/, ''),
      query: url.searchParams,
      key: typeof key === 'string' ? key : undefined,
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    fake.requests.push(seen)
    const fault = fake.fault(seen)
    if (fault === 'refuse the connection') return void request.socket.destroy()
    if (typeof fault === 'object') {
      const headers = {
        ...(fault.retryAfter === undefined ? {} : { 'Retry-After': fault.retryAfter }),
        ...(fault.location === undefined ? {} : { Location: fault.location }),
      }
      return void response.writeHead(fault.status, headers).end(fault.body ?? '')
    }
    const [status, body] = serve(seen)
    if (fault === 'drop the answer') return void request.socket.destroy()
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  }

  function serve(seen: SeenRequest): readonly [number, unknown?] {
    if (seen.headers.authorization !== `Bearer ${TOKEN}`) return problem(401, 'unauthorized', 'Send a token.')
    const own = fake.route(seen)
    if (own !== undefined) return own
    if (seen.path === '/links/import' && seen.method === 'POST') {
      const stored = seen.key === undefined ? undefined : answers.get(seen.key)
      if (stored !== undefined) return [200, stored]
      const answer = JSON.stringify({
        results: seen.body.links.map((item: Json, i: number) => take(seen, item, i)),
      })
      if (seen.key !== undefined) answers.set(seen.key, answer)
      return [200, answer]
    }
    if (seen.path === '/domains' && seen.method === 'GET') return [200, { data: [], served: fake.served }]
    if (seen.path === '/links' && seen.method === 'GET') return [200, page(seen.query)]
    return problem(404, 'no_such_route', 'There is no such API route.')
  }

  function take({ body: { onConflict, dryRun } }: SeenRequest, item: Json, index: number): object {
    if (!/^https?:/.test(item.url)) {
      const errors = [{ path: 'url', message: 'must be an absolute http:// or https:// URL' }]
      return { index, outcome: 'rejected', problem: 'invalid_request', errors }
    }
    const domain = item.domain ?? '*'
    let code = item.code ?? `drawn-${++ids}`
    const old = fake.links.get(`${domain}/${code}`)
    let outcome = old === undefined ? 'created' : 'updated'
    if (old !== undefined && onConflict === 'skip') {
      return { index, outcome: 'skipped', code, sameDestination: old.url === item.url }
    }
    if (old !== undefined && onConflict === 'fail')
      return { index, outcome: 'rejected', problem: 'code_taken' }
    if (old !== undefined && onConflict === 'rename') {
      outcome = 'renamed'
      for (let n = 2; fake.links.has(`${domain}/${code}`); n++) code = `${item.code}-${n}`
    }
    if (dryRun !== true) store(domain, code, item)
    return { index, outcome, id: '1', code }
  }

  function store(domain: string, code: string, item: Json): void {
    const createdAt = item.createdAt ?? '2026-01-01T00:00:00.000Z'
    fake.links.set(`${domain}/${code}`, {
      id: String(fake.links.size + 1),
      domain,
      code,
      url: item.url,
      title: item.title ?? null,
      tags: item.tags ?? [],
      status: item.status ?? 302,
      enabled: item.enabled ?? true,
      forwardQuery: item.forwardQuery ?? false,
      expiresAt: item.expiresAt ?? null,
      hits: item.hits ?? 0,
      version: 1,
      createdAt,
      updatedAt: createdAt,
      shortUrl: `${domain === '*' ? 'https://go.example' : `https://${domain}`}/${code}`,
    })
  }

  function page(query: URLSearchParams): object {
    const limit = Number(query.get('limit') ?? 100)
    const start = Number(query.get('cursor') ?? 0)
    const all = [...fake.links.values()]
    const next = start + limit
    return { data: all.slice(start, next), nextCursor: next < all.length ? String(next) : null }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fake: FakeLinkr = {
    url,
    env: { LINKR_URL: url, LINKR_TOKEN: TOKEN },
    links: new Map(),
    requests: [],
    served: [],
    fault: () => undefined,
    route: () => undefined,
    reset() {
      fake.links.clear()
      fake.requests.length = 0
      fake.served = []
      fake.fault = () => undefined
      fake.route = () => undefined
      answers.clear()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

export function problem(status: number, code: string, detail: string): readonly [number, object] {
  return [status, { type: 'about:blank', title: 'x', status, code, detail }]
}

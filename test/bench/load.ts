/**
 * @module
 * The load generator, a process of its own so that it can have a core of its own: `node load.ts <Load as JSON>`
 * prints a `LoadResult` as JSON.
 */
import autocannon, { type Client, type Request } from 'autocannon'

export interface Load {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  readonly method: 'GET' | 'HEAD'
  readonly path: string | PathSequence
  /** Requests per second over all connections; default: as many as it takes. */
  readonly rate?: number
  /** Ends after this many requests instead of `seconds`. */
  readonly amount?: number
}

/** Ever new paths: `prefix` and a number, `count` of them from `first` on before they begin again. */
export interface PathSequence {
  readonly prefix: string
  readonly first: number
  readonly count: number
  /** How many of them have been used up; default 0. */
  readonly used?: number
  /** How many times each is asked for; default 1. */
  readonly repeat?: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly statuses: Readonly<Record<string, number>>
  readonly errors: number
  /** How many paths were used up. */
  readonly paths: number
}

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
]
const COUNTRIES = ['DE', 'US', 'FR', 'BR', 'IN', 'JP']
const PAGES = [
  'https://www.example.org/posts/1',
  'https://news.example.net/',
  'https://example.com/search?q=a',
]

/** What Cloudflare and browsers send along, one after the other over each connection. */
const VISITORS = Array.from({ length: 200 }, (_, i) => ({
  'User-Agent': BROWSERS[i % BROWSERS.length] ?? '',
  'Accept-Language': 'de-AT,de;q=0.9,en;q=0.8',
  Referer: PAGES[i % PAGES.length] ?? '',
  'CF-IPCountry': COUNTRIES[i % COUNTRIES.length] ?? '',
  'CF-Connecting-IP': `198.51.100.${i}`,
}))

export function runLoad({
  url,
  connections,
  seconds,
  method,
  path,
  rate,
  amount,
}: Load): Promise<LoadResult> {
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  let paths = 0
  const requests = VISITORS.map((headers): Request => {
    if (typeof path === 'string') return { method, path, headers }
    return { method, headers, setupRequest: (next) => ({ ...next, path: pathAt(path, paths++) }) }
  })
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        connections,
        duration: seconds,
        requests,
        ...(method === 'HEAD' ? { setupClient: (client) => queueMicrotask(() => expectNoBody(client)) } : {}),
        ...(rate === undefined ? {} : { overallRate: rate }),
        ...(amount === undefined ? {} : { amount }),
      },
      (error, result) => {
        if (error) return reject(error)
        latencies.sort((a, b) => a - b)
        const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0
        const { duration, errors } = result
        const requests = latencies.length
        resolve({ requests, seconds: duration, p50Ms: at(0.5), p99Ms: at(0.99), statuses, errors, paths })
      },
    )
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      latencies.push(milliseconds)
      statuses[status] = (statuses[status] ?? 0) + 1
    })
  })
}

function pathAt(sequence: PathSequence, position: number): string {
  const { prefix, first, count, used = 0, repeat = 1 } = sequence
  return `${prefix}${first + ((used + Math.floor(position / repeat)) % count)}`
}

/** The index of http-parser-js's `kOnHeadersComplete`, which returns whether there is no body. */
const ON_HEADERS_COMPLETE = 2

/** autocannon would wait for the end of a body that the answer to a HEAD does not have. For a client that is set up. */
function expectNoBody(client: Client): void {
  const { parser } = client as unknown as { parser: Record<number, (info: unknown) => unknown> }
  const onHeaders = parser[ON_HEADERS_COMPLETE]
  parser[ON_HEADERS_COMPLETE] = (info) => {
    onHeaders?.call(parser, info)
    return true
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await runLoad(JSON.parse(process.argv[2] ?? '') as Load)))
}

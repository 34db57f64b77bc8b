/**
 * @module
 * The load generator, a process of its own so that it can have a core of its own: `node load.ts <Load as JSON>`
 * prints a `LoadResult` as JSON.
 */
import autocannon, { type Request } from 'autocannon'

export interface Load {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  readonly method: 'GET' | 'HEAD'
  /** One path, or ever new ones: `prefix` and a number from `from` on. */
  readonly path: string | { readonly prefix: string; readonly from: number; readonly count: number }
  /** Requests per second over all connections; default: as many as it takes. */
  readonly rate?: number
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

export function runLoad({ url, connections, seconds, method, path, rate }: Load): Promise<LoadResult> {
  const latencies: number[] = []
  const statuses: Record<string, number> = {}
  let paths = 0
  const request: Request =
    typeof path === 'string'
      ? { method, path }
      : {
          method,
          setupRequest: (next) => ({ ...next, path: `${path.prefix}${path.from + (paths++ % path.count)}` }),
        }
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        connections,
        duration: seconds,
        requests: [request],
        ...(rate === undefined ? {} : { overallRate: rate }),
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

if (import.meta.main) {
  console.log(JSON.stringify(await runLoad(JSON.parse(process.argv[2] ?? '') as Load)))
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { BridgeResponse, Intercept } from '../intercept.ts'
import { readBody } from '../read-body.ts'
import { type EventFeed, openEventFeed } from './event-feed.ts'
import { parsePath } from './path-command.ts'
import { RestError } from './rest-error.ts'
import { parseRestRequest } from './rest-request.ts'
import { chooseFormat, errorResponse, isBytes } from './rest-response.ts'
import { RedisAway, type SharedRedis } from './shared-redis.ts'
import { commandNames, run } from './work.ts'

export interface RequestHandlerOptions {
  readonly redisUrl: string
  readonly redis: SharedRedis
  readonly token: string
  readonly intercept: Intercept
}

/** What is to be done for a request that has been read. */
interface Work {
  readonly commands: readonly string[]
  execute(): Promise<BridgeResponse | EventFeed>
}

/** Upstash's limit for a request on its free plan. */
const MAX_BODY_BYTES = 10 * 1024 * 1024
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT'])
const WRONG_TOKEN =
  'WRONGPASS invalid or missing auth token. See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.'

export function requestHandler(options: RequestHandlerOptions): RequestListener {
  // Any value that changes does: there are no replicas here that could lag.
  const startedAt = Date.now().toString(36)
  let responses = 0
  const bearer = `Bearer ${options.token}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES)
    const work = prepare(request, body)
    const text = (): string => (typeof body === 'number' ? '' : body.toString())
    let feed: EventFeed | undefined
    const execute = async (): Promise<BridgeResponse> => {
      const outcome = await work.execute().catch(toErrorResponse)
      if (!('streamInto' in outcome)) return outcome
      feed = outcome
      return feed.head
    }
    const { commands } = work
    const toSend = await options
      .intercept({ store: 'redis', commands, text, execute, response })
      .catch(toErrorResponse)

    if (toSend === null || response.destroyed || response.headersSent) return feed?.close()
    responses += 1
    const syncToken = `${startedAt}-${responses}`
    if (feed !== undefined && toSend === feed.head) {
      response.writeHead(toSend.status, { ...toSend.headers, 'upstash-sync-token': syncToken })
      return feed.streamInto(response)
    }
    feed?.close()
    const bytes = Buffer.from(toSend.body, isBytes(toSend) ? 'latin1' : 'utf8')
    response.writeHead(toSend.status, {
      ...toSend.headers,
      'content-length': bytes.length,
      'upstash-sync-token': syncToken,
    })
    response.end(bytes)
  }

  function prepare(request: IncomingMessage, body: Buffer | number): Work {
    try {
      if (!METHODS.has(request.method ?? '')) throw new RestError('ERR method not allowed', 405)
      const { headers, url = '/', method = 'GET' } = request
      if (headers.authorization !== bearer && parsePath(url).token !== options.token) {
        throw new RestError(WRONG_TOKEN, 401)
      }
      if (typeof body === 'number') {
        const numbers = `Limit: ${MAX_BODY_BYTES} bytes, Actual: ${body} bytes`
        throw new RestError(`ERR max request size exceeded. ${numbers}`)
      }
      const format = chooseFormat(headers['upstash-response-format'], headers['upstash-encoding'])
      const wantsEvents = method !== 'HEAD' && headers.accept?.includes('text/event-stream') === true
      const parsed = parseRestRequest({ method, url, body, wantsEvents })
      return {
        commands: commandNames(parsed),
        execute: (): Promise<BridgeResponse | EventFeed> =>
          parsed.kind === 'feed'
            ? openEventFeed(options.redisUrl, parsed.command)
            : run(parsed, options.redis, format),
      }
    } catch (error) {
      return { commands: [], execute: async () => toErrorResponse(error) }
    }
  }

  return (request, response) => {
    handle(request, response).catch(() => response.destroy())
  }
}

function toErrorResponse(error: unknown): BridgeResponse {
  if (error instanceof RestError) {
    const refusal = errorResponse(error.status, error.message)
    return error.status === 405
      ? { ...refusal, headers: { ...refusal.headers, allow: [...METHODS].join(', ') } }
      : refusal
  }
  if (error instanceof RedisAway) return errorResponse(503, `ERR ${error.message}`)
  return errorResponse(500, 'ERR internal error')
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Answer, Intercept } from '../intercept.ts'
import { type EventFeed, openEventFeed } from './event-feed.ts'
import { parsePath } from './path-command.ts'
import { readBody } from './read-body.ts'
import type { RedisAddress } from './redis-link.ts'
import { chooseFormat, errorAnswer, isBytes } from './rest-answer.ts'
import { RestError } from './rest-error.ts'
import { parseRestRequest } from './rest-request.ts'
import { RedisAway, type SharedRedis } from './shared-redis.ts'
import { commandNames, run } from './work.ts'

export interface RequestHandlerOptions {
  readonly address: RedisAddress
  readonly redis: SharedRedis
  readonly token: string
  readonly intercept: Intercept | undefined
}

/** What is to be done for a request that has been read. */
interface Work {
  readonly commands: readonly string[]
  execute(): Promise<Answer | EventFeed>
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT'])
const WRONG_TOKEN =
  'WRONGPASS invalid or missing auth token. See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.'

export function requestHandler(options: RequestHandlerOptions): RequestListener {
  // Any value that changes does: there are no replicas here that could lag.
  const startedAt = Date.now().toString(36)
  let answered = 0
  const bearer = `Bearer ${options.token}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const work = prepare(request, body)
    const text = (): string => (body instanceof RestError ? '' : body.toString())
    let feed: EventFeed | undefined
    const execute = async (): Promise<Answer> => {
      const outcome = await work.execute().catch(toErrorAnswer)
      if (!('streamInto' in outcome)) return outcome
      feed = outcome
      return feed.answer
    }
    const { intercept } = options
    const answer = intercept
      ? await intercept({ store: 'redis', commands: work.commands, text, execute, response }).catch(
          toErrorAnswer,
        )
      : await execute()

    if (answer === null || response.destroyed || response.headersSent) return feed?.close()
    answered += 1
    const syncToken = `${startedAt}-${answered}`
    if (feed !== undefined && answer === feed.answer) {
      response.writeHead(answer.status, { ...answer.headers, 'upstash-sync-token': syncToken })
      return feed.streamInto(response)
    }
    feed?.close()
    const bytes = Buffer.from(answer.body, isBytes(answer) ? 'latin1' : 'utf8')
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-length': bytes.length,
      'upstash-sync-token': syncToken,
    })
    response.end(bytes)
  }

  function prepare(request: IncomingMessage, body: Buffer | RestError): Work {
    try {
      if (!METHODS.has(request.method ?? '')) throw new RestError('ERR method not allowed', 405)
      const { headers, url = '/', method = 'GET' } = request
      if (headers.authorization !== bearer && parsePath(url).token !== options.token) {
        throw new RestError(WRONG_TOKEN, 401)
      }
      if (body instanceof RestError) throw body
      const format = chooseFormat(headers['upstash-response-format'], headers['upstash-encoding'])
      const wantsEvents = method !== 'HEAD' && headers.accept?.includes('text/event-stream') === true
      const parsed = parseRestRequest({ method, url, body, wantsEvents })
      return {
        commands: commandNames(parsed),
        execute: (): Promise<Answer | EventFeed> =>
          parsed.kind === 'feed'
            ? openEventFeed(options.address, parsed.command)
            : run(parsed, options.redis, format),
      }
    } catch (error) {
      return { commands: [], execute: async () => toErrorAnswer(error) }
    }
  }

  return (request, response) => {
    handle(request, response).catch(() => response.destroy())
  }
}

function toErrorAnswer(error: unknown): Answer {
  if (error instanceof RestError) {
    const answer = errorAnswer(error.status, error.message)
    return error.status === 405
      ? { ...answer, headers: { ...answer.headers, allow: [...METHODS].join(', ') } }
      : answer
  }
  if (error instanceof RedisAway) return errorAnswer(503, `ERR ${error.message}`)
  return errorAnswer(500, 'ERR internal error')
}

import { ErrorReply } from '@redis/client'
import type { BridgeResponse } from '../intercept.ts'
import type { Command, Reply } from './resp.ts'
import { RestError } from './rest-error.ts'
import type { RestRequest } from './rest-request.ts'
import { errorResponse, type Format, repliesResponse, replyResponse } from './rest-response.ts'
import type { SharedRedis } from './shared-redis.ts'

type RunnableRequest = Exclude<RestRequest, { kind: 'feed' }>

/** The names of the commands, upper case, as interceptors see them. */
export function commandNames(request: RestRequest): readonly string[] {
  const name = (command: Command): string => command[0].toUpperCase()
  if (request.kind === 'pipeline') return request.entries.filter((entry) => isCommand(entry)).map(name)
  if (request.kind === 'transaction') return request.commands.map(name)
  return [name(request.command)]
}

/** Runs a request against Redis. Rejects with RedisAway if Redis cannot say what became of it. */
export async function run(
  request: RunnableRequest,
  redis: SharedRedis,
  format: Format,
): Promise<BridgeResponse> {
  switch (request.kind) {
    case 'command': {
      const [reply = null] = await redis.send([request.command])
      return replyResponse(reply, format)
    }
    case 'pipeline':
      return repliesResponse(await runPipeline(request.entries, redis), format)
    case 'transaction':
      return runTransaction(request.commands, redis, format === 'resp2' ? 'json' : format)
    default:
      return request satisfies never
  }
}

async function runPipeline(entries: readonly (Command | RestError)[], redis: SharedRedis): Promise<Reply[]> {
  const commands = entries.filter((entry) => isCommand(entry))
  const replies = commands.length === 0 ? [] : await redis.send(commands)
  const next = replies[Symbol.iterator]()
  return entries.map((entry) =>
    entry instanceof RestError ? new ErrorReply(entry.message) : (next.next().value ?? null),
  )
}

/** If Redis discards the transaction there is one error for all of it. */
async function runTransaction(
  commands: readonly Command[],
  redis: SharedRedis,
  format: Format,
): Promise<BridgeResponse> {
  const replies = await redis.send([['MULTI'], ...commands, ['EXEC']])
  const results = replies.at(-1)
  if (Array.isArray(results)) return repliesResponse(results, format)
  return errorResponse(400, results instanceof ErrorReply ? results.message : 'ERR Transaction discarded')
}

function isCommand(entry: Command | RestError): entry is Command {
  return !(entry instanceof RestError)
}

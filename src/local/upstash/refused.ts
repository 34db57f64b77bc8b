import type { Command } from './resp.ts'
import { notAvailable, type RestError } from './rest-error.ts'

/**
 * Commands that Upstash's REST API does not have either. Each would do harm on a connection that all requests share:
 * change its state, put it into a push mode, block it, or take the server away.
 */
const REFUSED = new Set(
  [
    // connection state; PING and ECHO are what is left
    'AUTH HELLO SELECT QUIT RESET CLIENT ASKING READONLY READWRITE',
    // transactions, which are the /multi-exec endpoint
    'MULTI EXEC DISCARD WATCH UNWATCH',
    // push modes, which are the event-stream endpoints
    'SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR',
    // blocking
    'BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF',
    // replication and the server's life
    'SYNC PSYNC REPLCONF REPLICAOF SLAVEOF FAILOVER CLUSTER SHUTDOWN DEBUG MODULE',
  ].flatMap((names) => names.split(' ')),
)

/** Why a command is not sent to Redis; `undefined` = send it. */
export function refusalOf(command: Command): RestError | undefined {
  const name = command[0].toUpperCase()
  if (REFUSED.has(name)) return notAvailable(name)
  if (name === 'SCRIPT' && upper(command[1]) === 'DEBUG') return notAvailable('SCRIPT DEBUG')
  if (name === 'XREAD' && blocks(command, 1)) return notAvailable('XREAD BLOCK')
  // The words after GROUP are names, and may be anything.
  if (name === 'XREADGROUP' && blocks(command, 4)) return notAvailable('XREADGROUP BLOCK')
  return undefined
}

/** Looks for BLOCK among the options only: after STREAMS come keys. */
function blocks(command: Command, from: number): boolean {
  for (const argument of command.slice(from)) {
    const word = upper(argument)
    if (word === 'BLOCK') return true
    if (word === 'STREAMS') return false
  }
  return false
}

function upper(argument: Command[number] | undefined): string | undefined {
  return argument?.toString().toUpperCase()
}

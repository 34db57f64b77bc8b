import { setTimeout as pause } from 'node:timers/promises'
import type { BridgeResponse, Intercept, InterceptedCall } from '../../src/local/intercept.ts'
import { SqlFailure } from '../../src/local/neon/sql-failure.ts'

/** What can go wrong on the way to a store or back. */
export type Fault =
  /** The connection is cut before the store sees anything. */
  | { readonly kind: 'refuse' }
  /** The store executes, and the answer is lost. */
  | { readonly kind: 'drop-answer' }
  /** The store executes, and half of the answer arrives. */
  | { readonly kind: 'half-answer' }
  | { readonly kind: 'status'; readonly status: number }
  /** Postgres rolls back, and says so. */
  | { readonly kind: 'sql-error'; readonly sqlState: string }
  /** Redis refuses with this reply. */
  | { readonly kind: 'reply-error'; readonly reply: string }
  /** Nothing is executed and nothing is answered, until the client gives up. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The store is a continent away, behind a thin line. */
  | { readonly kind: 'far'; readonly roundTripMs: number; readonly bytesPerSecond: number }
  /** Executed only once the promise has resolved. */
  | { readonly kind: 'hold'; readonly until: Promise<void> }

/** The ways in which a store can be down, each with a name for a test. */
export const WAYS_TO_BE_DOWN: readonly (readonly [string, Fault])[] = [
  ['refuses', { kind: 'refuse' }],
  ['hangs', { kind: 'hang' }],
  ['answers 500', { kind: 'status', status: 500 }],
  ['sends half an answer', { kind: 'half-answer' }],
]

/** Whether a call runs this Lua script. */
export const runs =
  (script: string) =>
  (call: InterceptedCall): boolean =>
    call.text().includes(JSON.stringify(script).slice(1, -1))

export interface FaultRule {
  readonly fault: Fault
  /** Which calls it strikes; default: every one. */
  readonly when?: (call: InterceptedCall) => boolean
}

/** Switchable faults of one store, and a count of what was asked of it. */
export class Faults {
  /** HTTP requests that reached the bridge, healthy or not. */
  requests = 0
  /** Redis command names or SQL texts, in order. */
  readonly commands: string[] = []
  /** Calls that a fault is dealing with right now. */
  struck = 0
  #rules: FaultRule[] = []

  /** Until healed. */
  inject(fault: Fault, when?: FaultRule['when']): void {
    this.#rules.push(when === undefined ? { fault } : { fault, when })
  }

  /** Holds such calls back until the result is called. */
  hold(when?: FaultRule['when']): () => void {
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    this.inject({ kind: 'hold', until }, when)
    return release
  }

  heal(): void {
    this.#rules = []
  }

  resetCounts(): void {
    this.requests = 0
    this.commands.length = 0
  }

  readonly intercept: Intercept = async (call) => {
    this.requests++
    this.commands.push(...call.commands)
    const rule = this.#rules.find(({ when }) => when === undefined || when(call))
    if (rule === undefined) return call.execute()
    this.struck++
    try {
      return await strike(rule.fault, call)
    } finally {
      this.struck--
    }
  }
}

async function strike(
  fault: Fault,
  { execute, response, text }: InterceptedCall,
): Promise<BridgeResponse | null> {
  switch (fault.kind) {
    case 'refuse':
      response.destroy()
      return null
    case 'drop-answer':
      await execute()
      response.destroy()
      return null
    case 'half-answer': {
      const { status, headers, body } = await execute()
      response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
      response.write(body.slice(0, Math.floor(body.length / 2)), () => response.destroy())
      return null
    }
    case 'status':
      return {
        status: fault.status,
        headers: { 'Content-Type': 'application/json' },
        body: '{"error":"injected"}',
      }
    case 'sql-error': {
      const failure = new SqlFailure(400, 'injected', { code: fault.sqlState, severity: 'ERROR' })
      return { status: 400, headers: { 'Content-Type': 'application/json' }, body: failure.toBody() }
    }
    case 'reply-error':
      return {
        status: fault.reply.startsWith('WRONGPASS') ? 401 : 400,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ error: fault.reply }),
      }
    case 'hang':
      await new Promise((resolve) => response.once('close', resolve))
      return null
    case 'far': {
      const travel = (carried: string): Promise<void> =>
        pause(fault.roundTripMs / 2 + (1_000 * Buffer.byteLength(carried)) / fault.bytesPerSecond)
      await travel(text())
      const answer = await execute()
      await travel(answer.body)
      return answer
    }
    case 'hold':
      await fault.until
      return execute()
    case 'delay':
      await pause(fault.ms)
      return execute()
    default:
      return fault satisfies never
  }
}

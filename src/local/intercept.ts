import type { ServerResponse } from 'node:http'

/** What a bridge is about to send back. */
export interface BridgeResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface InterceptedCall {
  readonly store: 'redis' | 'postgres'
  /** Redis: the command names, upper case (`EVAL`, `GET`). Postgres: the SQL texts. In order. */
  readonly commands: readonly string[]
  /** The request's body: scripts and arguments too. */
  readonly text: () => string
  /** Runs the request against the store, at most once, and resolves to what a healthy bridge would send. */
  readonly execute: () => Promise<BridgeResponse>
  /** The open response, for an interceptor that writes half a body or destroys the connection itself. */
  readonly response: ServerResponse
}

/**
 * A hook around every request of a bridge. Resolves to the response to send, or to `null` when the interceptor has
 * dealt with `response` itself.
 */
export type Intercept = (call: InterceptedCall) => Promise<BridgeResponse | null>

/** What a bridge does without an interceptor. */
export const justExecute: Intercept = (call) => call.execute()

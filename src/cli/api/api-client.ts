import type * as v from 'valibot'

/** A value left `undefined` is left out of the query; an array repeats the name. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  /** JSON text that is sent as it is, so that a large one is made once and not for every attempt. */
  readonly bodyText?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Makes a POST safe to repeat: the server keeps the first response under this key. */
  readonly idempotencyKey?: string
  /** Whether a POST is safe to repeat without a key. */
  readonly isRepeatable?: true
  /** Defaults to a few; only what is safe to repeat is tried more than once. */
  readonly attempts?: number
  /** Ends the waits between attempts. An attempt under way is awaited: how it ended is worth knowing. */
  readonly signal?: AbortSignal
  /** A status whose body is a result too, although it is none of 2xx. */
  readonly alsoAccepts?: number
}

/** The management API, as the commands see it. */
export interface ApiClient {
  /** Where it is, for people. */
  readonly origin: string
  /**
   * Resolves to the body.
   * @param route its path is below `/api`, its segments percent-encoded: `GET /links/12`.
   * @param schema of the body of the response; a server that sends another one is not linkr.
   * @throws {ApiError} for a status other than 2xx, `ApiUnreachable` for no response after every attempt.
   */
  request<Body>(
    route: `${Method} /${string}`,
    schema: v.GenericSchema<unknown, Body>,
    options?: RequestOptions,
  ): Promise<Body>
}

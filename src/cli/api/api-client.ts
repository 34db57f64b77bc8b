import type * as v from 'valibot'

/** A value left `undefined` is left out of the query; an array repeats the name. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface ApiRequest<Answer> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api`, its segments percent-encoded: `/links/12`. */
  readonly path: string
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  /** JSON text that is sent as it is, so that a large one is made once and not for every attempt. */
  readonly bodyText?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Makes a POST safe to repeat: the server keeps the first answer under this key. */
  readonly idempotencyKey?: string
  /** Defaults to a few; only what is safe to repeat is tried more than once. */
  readonly attempts?: number
  /** Ends the waits between attempts. An attempt under way is awaited: how it ended is worth knowing. */
  readonly signal?: AbortSignal
  /** A status that comes with an answer too, although it is none of 2xx. */
  readonly alsoAnswers?: number
  /** What the answer must look like; an answer that does not is no linkr's. */
  readonly answer: v.GenericSchema<unknown, Answer>
}

/** The management API, as the commands see it. */
export interface ApiClient {
  /** Where it is, for people. */
  readonly origin: string
  /** @throws {ApiError} for an answer other than 2xx, `ApiUnreachable` for none after every attempt. */
  request<Answer>(request: ApiRequest<Answer>): Promise<Answer>
}

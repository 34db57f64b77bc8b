import type * as v from 'valibot'
import type { Scope } from '../../owners/api-key.ts'
import type { ValidationContext } from './validation-context.ts'

export type QuerySchema = v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> }

/** Everything about one operation of the API but its handler: it is routed, guarded, validated and described by this. */
export interface Operation<
  Query extends QuerySchema = QuerySchema,
  Body extends v.GenericSchema = v.GenericSchema,
  Item extends v.GenericSchema = v.GenericSchema,
> {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/api`, as Hono writes it. */
  readonly path: string
  readonly scope: Scope
  readonly summary: string
  readonly query?: (context: ValidationContext) => Query
  readonly body?: (context: ValidationContext) => Body
  /** Of each of `links` in the body, which are validated one by one, so that a bad one does not spoil the others. */
  readonly item?: (context: ValidationContext) => Item
  /** An empty body stands for `{}`. */
  readonly isBodyOptional?: boolean
  /** Left out, `MAX_BODY_BYTES`. */
  readonly maxBodyBytes?: number
  /** Whether its schemas ask which hosts are linkr's own; that may need Postgres. */
  readonly checksDestinations?: boolean
  /** Whether it takes `Idempotency-Key`. */
  readonly isIdempotent?: boolean
  /** Whether it takes `If-Match`. */
  readonly isConditional?: boolean
  /** Whether `Accept: text/csv` gets a table. */
  readonly isCsvToo?: boolean
  /** By status; `null` = no body. */
  readonly responses: Readonly<Record<number, v.GenericSchema | null>>
  /** Statuses of problems beside those that any request can get. */
  readonly problems?: readonly number[]
}

export const MAX_BODY_BYTES = 64 * 1024
/** A thousand links of 4 KB. */
export const MAX_BULK_BYTES = 4 * 1024 * 1024

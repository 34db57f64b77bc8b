import { sql } from 'drizzle-orm'
import {
  ATTEMPT_LOST_AFTER_S,
  type Claim,
  type IdempotentResponses,
  KEEP_RESPONSES_FOR_S,
} from '../api/http/idempotent-responses.ts'
import type { Database } from './client.ts'

interface ClaimRow {
  readonly is_claimed: boolean
  readonly request_hash: string | null
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly body: string | null
}

const seconds = (count: number) => sql`${count} * interval '1 second'`
const IS_OUT_OF_DATE = sql`a.created_at < now() - ${seconds(KEEP_RESPONSES_FOR_S)}`

export function postgresIdempotentResponses(database: Database): IdempotentResponses {
  return {
    async claim({ caller, key, requestHash, attempt }) {
      const rows = await database.execute<ClaimRow>(sql`
        WITH claimed AS (
          INSERT INTO idempotent_answers AS a (caller, key, request_hash, attempt)
          VALUES (${caller}, ${key}, ${requestHash}, ${attempt})
          ON CONFLICT (caller, key) DO UPDATE SET request_hash = excluded.request_hash,
            attempt = excluded.attempt, status = NULL, headers = NULL, body = NULL, created_at = now(),
            writes = CASE WHEN ${IS_OUT_OF_DATE} THEN '{}' ELSE a.writes END
          WHERE ${IS_OUT_OF_DATE} OR (a.status IS NULL AND a.request_hash = excluded.request_hash
            AND (a.attempt IS NULL OR a.created_at < now() - ${seconds(ATTEMPT_LOST_AFTER_S)}))
          RETURNING key
        )
        SELECT EXISTS (SELECT FROM claimed) AS is_claimed, request_hash, status, headers, body
        FROM (SELECT) AS one
        LEFT JOIN idempotent_answers ON caller = ${caller} AND key = ${key}`)
      return toClaim(rows[0], requestHash)
    },

    async store({ caller, key, attempt }, { status, headers, body }) {
      await database.execute(sql`
        UPDATE idempotent_answers
        SET status = ${status}, headers = ${JSON.stringify(headers)}::jsonb, body = ${body}, writes = '{}'
        WHERE caller = ${caller} AND key = ${key} AND attempt = ${attempt}`)
    },

    async release({ caller, key, attempt }) {
      await database.execute(sql`
        UPDATE idempotent_answers SET attempt = NULL
        WHERE caller = ${caller} AND key = ${key} AND attempt = ${attempt} AND status IS NULL`)
    },

    async prune() {
      await database.execute(sql`
        DELETE FROM idempotent_answers WHERE created_at < now() - ${seconds(KEEP_RESPONSES_FOR_S)}`)
    },
  }
}

function toClaim(row: ClaimRow | undefined, requestHash: string): Claim {
  if (row?.is_claimed) return { kind: 'claimed' }
  // The row was inserted after this statement's snapshot: another attempt has just begun.
  if (row === undefined || row.request_hash === null) return { kind: 'in-progress' }
  if (row.request_hash !== requestHash) return { kind: 'reused' }
  const { status, headers, body } = row
  if (status === null) return { kind: 'in-progress' }
  return { kind: 'completed', response: { status, headers: headers ?? {}, body: body ?? '' } }
}

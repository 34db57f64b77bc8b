import { and, eq, exists, isNull, lt, or, sql } from 'drizzle-orm'
import {
  ATTEMPT_LOST_AFTER_S,
  type IdempotentResponses,
  KEEP_RESPONSES_FOR_S,
} from '../api/http/idempotent-responses.ts'
import type { Attempt } from '../owners/write-step.ts'
import type { Database } from './client.ts'
import { idempotentAnswers as answers } from './schema.ts'

const secondsAgo = (count: number) => sql`now() - ${count} * interval '1 second'`
const IS_OUT_OF_DATE = lt(answers.createdAt, secondsAgo(KEEP_RESPONSES_FOR_S))
const isOf = ({ caller, key, attempt }: Attempt) =>
  and(eq(answers.caller, caller), eq(answers.key, key), eq(answers.attempt, attempt))

export function postgresIdempotentResponses(database: Database): IdempotentResponses {
  return {
    async claim({ caller, key, requestHash, attempt }) {
      const [row] = await database.run((db) => {
        const isLost = or(isNull(answers.attempt), lt(answers.createdAt, secondsAgo(ATTEMPT_LOST_AFTER_S)))
        const isRetry = and(isNull(answers.status), eq(answers.requestHash, requestHash), isLost)
        const claimed = db.$with('claimed').as(
          db
            .insert(answers)
            .values({ caller, key, requestHash, attempt })
            .onConflictDoUpdate({
              target: [answers.caller, answers.key],
              set: {
                ...{ requestHash, attempt, status: null, headers: null, body: null, createdAt: sql`now()` },
                writes: sql`CASE WHEN ${IS_OUT_OF_DATE} THEN '{}' ELSE ${answers.writes} END`,
              },
              setWhere: sql`${IS_OUT_OF_DATE} OR (${isRetry})`,
            })
            .returning({ key: answers.key }),
        )
        const { requestHash: storedHash, status, headers, body } = answers
        return db
          .with(claimed)
          .select({ isClaimed: exists(db.select().from(claimed)), storedHash, status, headers, body })
          .from(sql`(SELECT) AS one`)
          .leftJoin(answers, and(eq(answers.caller, caller), eq(answers.key, key)))
      })
      if (row?.isClaimed) return { kind: 'claimed' }
      // The row was inserted after this statement's snapshot: another attempt has just begun.
      if (row === undefined || row.storedHash === null) return { kind: 'in-progress' }
      if (row.storedHash !== requestHash) return { kind: 'reused' }
      const { status, headers, body } = row
      if (status === null) return { kind: 'in-progress' }
      return { kind: 'completed', response: { status, headers: headers ?? {}, body: body ?? '' } }
    },

    async store(request, { status, headers, body }) {
      await database.run((db) =>
        db.update(answers).set({ status, headers, body, writes: [] }).where(isOf(request)),
      )
    },

    async release(request) {
      await database.run((db) =>
        db
          .update(answers)
          .set({ attempt: null })
          .where(and(isOf(request), isNull(answers.status))),
      )
    },

    async prune() {
      await database.run((db) => db.delete(answers).where(IS_OUT_OF_DATE))
    },
  }
}

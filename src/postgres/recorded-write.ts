import { type SQL, sql } from 'drizzle-orm'
import type { WriteStep } from '../owners/write-step.ts'
import { idempotentAnswers } from './schema.ts'

/** What a statement needs to be done once: see `WriteStep`. Each is to stand where its comment says. */
export interface RecordedWrite {
  /** The first table of the WITH, and a comma. */
  readonly claim: SQL
  /** A condition on each row that the statement would write. */
  readonly isDue: SQL
  /** The last table of the WITH, after a comma; records the JSON `rows` of the table `result`. */
  readonly recorded: SQL
  /** The statement's result: `rows`, and whether an earlier attempt wrote them. No row when the claim is lost. */
  readonly select: SQL
}

/** @param step `null` = of a request without Idempotency-Key. */
export function recordedWrite(step: WriteStep | null): RecordedWrite {
  if (step === null) {
    const select = sql`SELECT rows, false AS is_repeated FROM result`
    return { claim: sql``, isDue: sql`TRUE`, recorded: sql`nothing AS (SELECT)`, select }
  }
  const { caller, key, attempt, step: number } = step
  return {
    claim: sql`claim AS MATERIALIZED (
      SELECT writes[${number}::int + 1] AS earlier, cardinality(writes) > ${number}::int AS is_done FROM ${idempotentAnswers}
      WHERE caller = ${caller} AND key = ${key} AND attempt = ${attempt} FOR UPDATE
    ),`,
    isDue: sql`EXISTS (SELECT FROM claim WHERE NOT is_done)`,
    recorded: sql`recorded AS (
      UPDATE ${idempotentAnswers} SET writes = array_append(writes, rows) FROM result, claim
      WHERE caller = ${caller} AND key = ${key} AND NOT is_done
    )`,
    select: sql`
      SELECT CASE WHEN is_done THEN earlier ELSE rows END AS rows, is_done AS is_repeated FROM claim, result`,
  }
}

import { sql } from 'drizzle-orm'

/**
 * For the length of a transaction. The planner sees neither that a walk stops early nor that most often it suffices,
 * and would prefer to read a whole table or to compile the query.
 */
export const PLANNER_SETTINGS = sql`SELECT set_config('enable_seqscan', 'off', true),
  set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`

/**
 * The message at the end of an error's chain of causes, for a person at a terminal: Drizzle's own is the failed SQL,
 * and that of several addresses tried is empty.
 */
export function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.message === '') return rootMessage(error.errors[0])
  return error.cause === undefined ? error.message : rootMessage(error.cause)
}

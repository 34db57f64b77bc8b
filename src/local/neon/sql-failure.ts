/** What the Neon driver reads from the body of a failed request; `null` = Postgres did not say. */
const ERROR_FIELDS = [
  ...([
    'code',
    'detail',
    'hint',
    'position',
    'internalPosition',
    'internalQuery',
    'severity',
    'where',
  ] as const),
  ...(['table', 'column', 'schema', 'dataType', 'constraint', 'file', 'line', 'routine'] as const),
] as const

export type ErrorFields = Partial<Record<(typeof ERROR_FIELDS)[number], string>>

/** A request that fails: the HTTP status Neon's proxy would use, and Postgres' own error fields. */
export class SqlFailure extends Error {
  override readonly name = 'SqlFailure' as const
  readonly status: number
  readonly fields: ErrorFields

  constructor(status: number, message: string, fields: ErrorFields = {}) {
    super(message)
    this.status = status
    this.fields = fields
  }

  toBody(): string {
    const fields = Object.fromEntries(ERROR_FIELDS.map((name) => [name, this.fields[name] ?? null]))
    return JSON.stringify({ message: this.message, ...fields })
  }
}

/**
 * Neon never tells whether a role exists: an unknown user, an unknown host (it names the project there) and a wrong
 * password all read the same. The hint is ours, because here the cause is nearly always a stale setting.
 */
export function authenticationFailed(user: string, hint: string): SqlFailure {
  const message = `password authentication failed for user '${user}'`
  return new SqlFailure(400, message, { code: '28P01', severity: 'FATAL', hint })
}

/** A failure to run SQL on a connection that was open: always a 400 on Neon, also when the connection was lost. */
export function queryFailure(error: unknown): SqlFailure {
  if (error instanceof SqlFailure) return error
  return new SqlFailure(400, messageOf(error), postgresFields(error))
}

/** A failure to open a connection: the server's refusal is the client's fault (400), anything else is ours (500). */
export function connectFailure(error: unknown, user: string): SqlFailure {
  const fields = postgresFields(error)
  if (fields.code?.startsWith('28')) return authenticationFailed(user, messageOf(error))
  const refused = fields.severity !== undefined && fields.code?.startsWith('3D')
  return new SqlFailure(refused ? 400 : 500, messageOf(error), fields)
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function postgresFields(error: unknown): ErrorFields {
  if (typeof error !== 'object' || error === null || !('severity' in error)) return {}
  const source: Readonly<Record<string, unknown>> = { ...error }
  const known = ERROR_FIELDS.filter((name) => typeof source[name] === 'string')
  return Object.fromEntries(known.map((name) => [name, String(source[name])]))
}

/**
 * @module
 * What an error reply of Redis means. Real Redis was asked for each of its own; Upstash's are those of its manual.
 */

/**
 * The store refuses everything, or every write, until it is fixed: nothing was executed, and asking again is in vain.
 * A script that may stop half-way says so itself (`HALFWAY`), because these can come in the middle of one only if
 * it lacks the right to some of its commands.
 */
const OUT_OF_ORDER = [
  // https://upstash.com/docs/redis/troubleshooting/max_requests_limit and .../max_daily_request_limit
  /^ERR max (?:daily )?requests? limit exceeded/,
  // .../db_capacity_quota_exceeded: writes are refused, reads are not
  /^ERR DB capacity quota exceeded/,
  // .../max_concurrent_connections
  /^ERR max concurrent connections exceeded/,
  // .../no_auth and .../http_unauthorized: the token was rotated, or is the read-only one; Redis's ACL in and outside scripts
  /^(?:NOAUTH|WRONGPASS|NOPERM) /,
  /^ERR The user executing the script can't run this command/,
  // redis.io/docs: full, a replica, cannot save, too few replicas, starting, a script that does not end
  /^(?:OOM|READONLY|MISCONF|NOREPLICAS|LOADING|BUSY) /,
  // redis.io/docs/reference/cluster-spec
  /^(?:CLUSTERDOWN|MASTERDOWN|TRYAGAIN) /,
]

/** The request is too large for Upstash: .../max_request_size_exceeded, .../max_key_size_exceeded. Nothing was executed. */
const TOO_LARGE = /^ERR max (?:request|key|single record) size exceeded/

/** The store is there and answers, but not this request. A script may have run up to there. */
const OWN_FAULT = [
  /^(?:WRONGTYPE|NOSCRIPT|EXECABORT|CROSSSLOT|UNKILLABLE) /,
  /^ERR (?:wrong number of arguments|unknown command|Command is not available|syntax error|value is not|hash value is not)/,
  /^ERR (?:Error (?:running|compiling) script|user_script:)/,
  / script: [0-9a-f]{40}/,
]

export type Refusal = 'out of order' | 'too large' | 'own fault'

/** @returns `null` = no reply that is known here: whether Redis executed anything is unknown, and it may be down. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  const says = (pattern: RegExp): boolean => pattern.test(error.message)
  if (OUT_OF_ORDER.some(says)) return 'out of order'
  if (says(TOO_LARGE)) return 'too large'
  return OWN_FAULT.some(says) ? 'own fault' : null
}

/** A request that is refused without asking Redis. The message goes to the client, in Upstash's words if known. */
export class RestError extends Error {
  override name = 'RestError' as const
  readonly status: number
  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** For what Upstash's REST API does not offer, and for names that no Redis knows: it makes no difference there. */
export function notAvailable(command: string): RestError {
  const see = 'See https://upstash.com/docs/redis/overall/rediscompatibility for details'
  return new RestError(`ERR Command is not available: '${command}'. ${see}`)
}

import type { MiddlewareHandler } from 'hono'
import { Problem } from './problem.ts'

/** Admits requests with `Authorization: Bearer <token>`. */
export function authenticate(token: string): MiddlewareHandler {
  return async (c, next) => {
    const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    if (given === undefined || !(await equalInConstantTime(given, token))) {
      throw new Problem(401, 'unauthorized', 'Send the header "Authorization: Bearer <ADMIN_TOKEN>".')
    }
    await next()
  }
}

/** Compares digests, which are of one length whatever was sent, without stopping at the first difference. */
async function equalInConstantTime(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map(sha256))
  let difference = 0
  for (let i = 0; i < 32; i++) difference |= (x?.[i] ?? 0) ^ (y?.[i] ?? 1)
  return difference === 0
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

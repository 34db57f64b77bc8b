import type { LinkKey } from '../links/link.ts'
import type { RedisClient } from '../redis/client.ts'
import type { Keys } from '../redis/keys.ts'
import { SET_IF_NOT_OLDER } from '../redis/scripts.ts'
import { decodeRegister, encodeRegister, type Register } from './register.ts'

/** How long Redis remembers an existing link that nobody edits. */
const LINK_TTL_MS = 24 * 60 * 60 * 1000
/** How long it remembers that there is none: short, because anybody can ask for codes that do not exist. */
const ABSENT_TTL_MS = 60 * 1000

export interface RegisterStore {
  /** What is cached: a register, `undefined` for none, or the text of a corrupt one. Throws as RedisClient. */
  read(key: LinkKey): Promise<Register | { readonly corrupt: string } | undefined>
  /**
   * Resolves to whether it was written; `false` = a newer one stays. Fills and write-throughs alike.
   * @param corrupt the text that `read` found corrupt, whose version must not win over a good one.
   */
  write(key: LinkKey, register: Register, corrupt?: string): Promise<boolean>
}

export function createRegisterStore(redis: RedisClient, keys: Keys): RegisterStore {
  return {
    async read(key) {
      const text = await redis.get(keys.link(key))
      return text === null ? undefined : (decodeRegister(text) ?? { corrupt: text })
    },

    async write(key, register, corrupt = '') {
      const ttlMs = register.link === null ? ABSENT_TTL_MS : LINK_TTL_MS
      const args = [register.version, encodeRegister(register), ttlMs, corrupt]
      return (await redis.eval(SET_IF_NOT_OLDER, [keys.link(key)], args)) === 1
    },
  }
}

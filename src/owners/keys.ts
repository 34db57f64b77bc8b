import type { Runtime } from '../runtime.ts'
import { sha256 } from '../sha256.ts'
import {
  type ApiKey,
  type ApiKeyStore,
  generateKey,
  isActive,
  keyPrefix,
  type NewApiKey,
  type StoredKey,
} from './api-key.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'

export interface MadeKey {
  readonly key: ApiKey
  /** Known only now: Postgres keeps a hash of it. */
  readonly secret: string
}

/** API keys as their owners make, list and revoke them. A change holds at once in this isolate, and within 5 s in every other. */
export interface Keys extends Pick<ApiKeyStore, 'list' | 'get' | 'revoke'> {
  create(key: NewApiKey): Promise<MadeKey>
  /** As `ApiKeyStore.rotate`: resolves to `null` for a key that is not active. */
  rotate(old: ApiKey, createdBy: string, overlapSeconds: number): Promise<MadeKey | null>
  readonly ring: Pick<KeyRing, 'find' | 'trusts'>
}

export function createKeys(keys: ApiKeyStore, runtime: Pick<Runtime, 'now' | 'background'>): Keys {
  const ring = createKeyRing({ keys, runtime })

  return {
    list: keys.list,
    get: keys.get,
    ring,

    async create(key) {
      const { secret, stored } = await newSecret()
      return { key: await keys.create(key, stored), secret }
    },

    async rotate(old, createdBy, overlapSeconds) {
      if (!isActive(old, runtime.now())) return null
      const { secret, stored } = await newSecret()
      const key = await keys.rotate(old.id, createdBy, stored, overlapSeconds)
      if (key !== null) ring.clear()
      return key === null ? null : { key, secret }
    },

    async revoke(id) {
      const isRevoked = await keys.revoke(id)
      if (isRevoked) ring.clear()
      return isRevoked
    },
  }
}

async function newSecret(): Promise<{ readonly secret: string; readonly stored: StoredKey }> {
  const secret = await generateKey()
  return { secret, stored: { prefix: keyPrefix(secret), hash: await sha256(secret) } }
}

/**
 * @module
 * Composition root, for `fetch` and `scheduled` alike. Everything that needs Postgres is imported on first use.
 */
import { redisTier } from './cache/redis-tier.ts'
import { createRegisterStore } from './cache/register-store.ts'
import type { Config } from './config.ts'
import type { Database } from './db/client.ts'
import { type FlushReport, flushHits } from './hits/flush.ts'
import { createHitCounters } from './hits/hit-counters.ts'
import { createHitRecorder, type HitRecorder } from './hits/hit-recorder.ts'
import { createLinkEditor, type LinkEditor } from './links/link-editor.ts'
import type { LinkSource } from './links/link-source.ts'
import { createRedisClient } from './redis/client.ts'
import { createKeys } from './redis/keys.ts'
import type { Runtime } from './runtime.ts'

export interface Services {
  readonly config: Config
  readonly runtime: Runtime
  readonly links: LinkSource
  readonly hits: HitRecorder
  /** For the API; opens Postgres. */
  readonly editor: () => Promise<LinkEditor>
  readonly flush: () => Promise<FlushReport>
}

export function createServices(config: Config, runtime: Runtime): Services {
  const redis = createRedisClient(config.redis)
  const keys = createKeys(config.redis.keyPrefix)
  const registers = createRegisterStore(redis, keys)
  const counters = createHitCounters({ redis, keys, now: runtime.now })

  // Only the result is shared between requests, never a promise: a cancelled request would take it along.
  let opened: Database | undefined
  const database = async (): Promise<Database> => {
    const { openDatabase } = await import('./db/client.ts')
    opened ??= openDatabase(config.postgres)
    return opened
  }
  const origin: LinkSource = {
    async find(key) {
      const { postgresLinks } = await import('./links/postgres-links.ts')
      return postgresLinks(await database()).find(key)
    },
  }

  return {
    config,
    runtime,
    links: redisTier({ origin, registers, runtime }),
    hits: createHitRecorder({ counters, commitWindowMs: config.hits.commitWindowMs, runtime }),
    async editor() {
      const { postgresLinkRepository } = await import('./links/link-repository.ts')
      return createLinkEditor({ repository: postgresLinkRepository(await database()), registers, counters })
    },
    flush: () =>
      flushHits({
        counters,
        async totals() {
          const { postgresHits } = await import('./hits/postgres-hits.ts')
          return postgresHits(await database())
        },
      }),
  }
}

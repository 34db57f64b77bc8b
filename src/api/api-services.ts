import type { SettingsFinder } from '../cache/settings-finder.ts'
import type { Config } from '../config.ts'
import type { FlushReport } from '../hits/flush.ts'
import type { HealthReport } from '../operations/health.ts'
import type { ReconcileReport } from '../operations/reconcile.ts'
import type { WarmUpReport } from '../operations/warm-up.ts'
import type { Owners } from '../owners/owners.ts'
import type { Runtime } from '../runtime.ts'
import type { IdempotentResponses } from './http/idempotent-responses.ts'

/** The API's dependencies. Those that need Postgres are functions, which import and open it on first use. */
export interface ApiServices {
  readonly config: Config
  readonly runtime: Runtime
  readonly owners: () => Promise<Owners>
  readonly idempotentResponses: () => Promise<IdempotentResponses>
  /** Fallback URLs and defaults of domains, through the same tiers as links. */
  readonly settings: SettingsFinder
  /** @param leave how many of the invocation's subrequests are to be left to others; default: none. */
  readonly flush: (leave?: number) => Promise<FlushReport>
  readonly reconcile: (full: boolean) => Promise<ReconcileReport>
  readonly warm: (count: number, offset: number) => Promise<WarmUpReport>
  readonly health: () => Promise<HealthReport>
}

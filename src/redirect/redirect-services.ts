import type { MemoryTier } from '../cache/memory-tier.ts'
import type { SettingsFinder } from '../cache/settings-finder.ts'
import type { HitRecorder } from '../hits/hit-recorder.ts'
import type { Link, LinkKey } from '../links/link.ts'
import type { Runtime } from '../runtime.ts'
import type { MissGuard } from './miss-guard.ts'

/** The dependencies of a redirect. */
export interface RedirectServices {
  readonly links: Pick<MemoryTier<LinkKey, Link>, 'find' | 'peek'>
  /** Fallback URLs and defaults of domains, through the same tiers as links. */
  readonly settings: SettingsFinder
  readonly hits: Pick<HitRecorder, 'record' | 'recordMiss'>
  readonly misses: MissGuard
  readonly runtime: Pick<Runtime, 'now'>
}

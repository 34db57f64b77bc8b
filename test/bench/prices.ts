/**
 * @module
 * What the platforms charge beyond what their plans include, in US dollars, with where and when that was read.
 */
export const PRICES = {
  workersPerMillionRequests: 0.3,
  workersPerMillionCpuMs: 0.02,
  upstashPerMillionCommands: 2,
  neonPerCuHour: 0.106,
  neonPerGbMonth: 0.35,
  kvPerMillionReads: 0.5,
  analyticsPerMillionPoints: 0.25,
} as const

/** Neon's smallest compute, and how long it stays awake after the last statement (its default, fixed on Free). */
export const NEON_CU = 0.25
export const NEON_AWAKE_MINUTES = 5

/** Peers, per click. Sink's CPU time was measured like linkr's. */
export const DUB_COMMANDS = { low: 4, high: 6 } as const
export const SINK_CPU_US = 524

export const SOURCES = [
  '[Cloudflare Workers](https://developers.cloudflare.com/workers/platform/pricing/): $0.30 a million requests, $0.02 a million CPU ms; 10 and 30 million a month are in the $5 plan (as read 2026-08-03)',
  '[Workers KV](https://developers.cloudflare.com/kv/platform/pricing/): $0.50 a million reads; [Analytics Engine](https://developers.cloudflare.com/analytics/analytics-engine/pricing): $0.25 a million points',
  '[Upstash Redis](https://upstash.com/pricing/redis): $0.20 for 100,000 commands, 500,000 a month free (as of 2026-11-09)',
  '[Neon](https://neon.com/docs/introduction/plans): $0.106 a CU-hour and $0.35 a GB-month on Launch (as of 2026-11-12); scales to zero after 5 minutes; 100 CU-hours a month free',
] as const

/**
 * @module
 * Every error that linkr throws on purpose. Expected absence is `null`, never a throw.
 */

import { BreakerOpen } from './breaker.ts'

/** Base class: `code` is stable and may be shown to clients, `status` is the HTTP status it maps to. */
export abstract class LinkrError extends Error {
  abstract readonly code: string
  abstract readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 422 | 429 | 503
}

export interface SettingProblem {
  readonly name: string
  readonly problem: string
  readonly fix: string
}

/** The Worker's settings cannot be used. Never carries their values, which may be secrets. */
export class ConfigError extends LinkrError {
  override readonly name = 'ConfigError' as const
  readonly code = 'misconfigured' as const
  readonly status = 503 as const
  readonly problems: readonly SettingProblem[]

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ name, problem, fix }) => `${name} ${problem}: ${fix}`).join('\n'))
    this.problems = problems
  }
}

/** A store did not answer, in time or at all: nothing is known about what was asked. */
export class SourceUnavailable extends LinkrError {
  override readonly name = 'SourceUnavailable' as const
  readonly code = 'store_unavailable' as const
  readonly status = 503 as const
  readonly store: 'redis' | 'postgres'
  /** Whether the request may have reached the store; `false` = certainly nothing happened there. */
  readonly wasSent: boolean

  constructor(store: 'redis' | 'postgres', cause: unknown, wasSent = !(cause instanceof BreakerOpen)) {
    super(`${store} is unavailable`, { cause })
    this.store = store
    this.wasSent = wasSent
  }
}

/**
 * @module
 * Turns the Worker's raw bindings into one typed, fully required configuration, once per isolate.
 */
import { ConfigError, type SettingProblem } from './errors.ts'
import { parseHost } from './links/host.ts'
import { isRateLimiter, type RateLimiter } from './rate-limiter.ts'
import { isHttpUrl, isPostgresUrl, isStoreUrl, isToken, LOOPBACK_ONLY } from './setting-formats.ts'

/** The bindings as they arrive: nothing about them is certain yet. */
export type Env = Readonly<Record<string, unknown>>

export interface Config {
  readonly redis: {
    readonly url: string
    readonly token: string
    /** Prefix of every key, so that several deployments can share one database. */
    readonly keyPrefix: string
    readonly timeoutMs: number
    /** Tries after the first one, for failures other than a time-out. */
    readonly retries: number
  }
  readonly postgres: {
    readonly url: string
    /** Where SQL-over-HTTP is sent; `null` = the Neon host named in `url`. */
    readonly fetchEndpoint: string | null
    readonly timeoutMs: number
    /** Tries after the first one, of what can be done twice, for failures other than a time-out. */
    readonly retries: number
  }
  /** `null` = none: there is an API key with the scope `admin` by now. */
  readonly adminToken: string | null
  /** Accepted too, for as long as it takes to give every client the new one. */
  readonly previousAdminToken: string | null
  /** The only host that `/api` answers at; `null` = every host. */
  readonly apiHost: string | null
  /** A URI, for `/.well-known/security.txt`; `null` = there is none. */
  readonly securityContact: string | null
  /** Hosts that are namespaces of their own, normalized. Every other host shares `*`. */
  readonly domains: ReadonlySet<string>
  /** Origin of short URLs in domain `*`, as the API shows them; `null` = the origin that the API was called at. */
  readonly baseUrl: string | null
  /** Bindings, not settings; `null` = the Worker has none, and nothing is limited. */
  readonly rateLimits: {
    /** Failed attempts to authenticate, by address. */
    readonly failures: RateLimiter | null
    /** Redirects that found no link, by address. */
    readonly misses: RateLimiter | null
    /** API requests that change something, by key. */
    readonly writes: RateLimiter | null
  }
  /** Requests that the platform lets one invocation send. */
  readonly subrequests: number
  readonly hits: {
    /** How long an isolate gathers hits before it commits them to Redis, if they are worth a commit, and at most. */
    readonly commitWindowMs: number
    readonly maxCommitWindowMs: number
    /** Left out = as many as one response and one statement take. */
    readonly sealAtLinks?: number
  }
  readonly visits: {
    /** For how many days each single visit is kept; 0 = not at all. */
    readonly logDays: number
    /** For how many days the details of a day are told apart from those of the other days of its month. */
    readonly detailDays: number
  }
}

/** @throws {ConfigError} that lists every missing or malformed setting with its fix. */
export function parseConfig(env: Env): Config {
  const problems: SettingProblem[] = []
  const text = (name: string, fix: string, accepts: (value: string) => boolean): string => {
    const value = env[name]
    if (typeof value === 'string' && accepts(value.trim())) return value.trim()
    problems.push({ name, problem: value === undefined || value === '' ? 'is missing' : 'is malformed', fix })
    return ''
  }
  const optional = (
    name: string,
    fallback: string,
    fix: string,
    accepts: (value: string) => boolean,
  ): string => (env[name] === undefined || env[name] === '' ? fallback : text(name, fix, accepts))
  const whole = (name: string, fallback: number, min: number, max: number, unit: string): number =>
    Number(
      optional(
        name,
        String(fallback),
        `set it to a whole number of ${unit} from ${min} to ${max}`,
        (value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max,
      ),
    )

  const secret = (name: string): string | null =>
    optional(
      name,
      '',
      `set it to a random secret of 16 characters or more, without blanks (openssl rand -hex 32 | wrangler secret put ${name})`,
      (value) => value.length >= 16 && isToken(value),
    ) || null
  const milliseconds = (name: string, fallback: number, min: number, max: number): number =>
    whole(name, fallback, min, max, 'milliseconds')
  const commitWindowMs = milliseconds('HIT_COMMIT_WINDOW_MS', 1_000, 10, 10_000)
  // Memory is in sync for IN_SYNC_MS after a commit: that leaves the next one half a second at least.
  const [usual, most] = [Math.max(4_000, commitWindowMs), Math.max(4_500, commitWindowMs)]
  const maxCommitWindowMs = milliseconds('HIT_COMMIT_MAX_WINDOW_MS', usual, commitWindowMs, most)
  const config: Config = {
    redis: {
      url: text(
        'UPSTASH_REDIS_REST_URL',
        `set it to the REST URL that the Upstash console shows, https://...upstash.io${LOOPBACK_ONLY}`,
        isStoreUrl,
      ),
      token: text(
        'UPSTASH_REDIS_REST_TOKEN',
        'set it to the REST token that the Upstash console shows (wrangler secret put UPSTASH_REDIS_REST_TOKEN)',
        isToken,
      ),
      keyPrefix: optional(
        'REDIS_KEY_PREFIX',
        'linkr:',
        'use 1 to 64 letters, digits or -_.: characters',
        (value) => /^[\w.:-]{1,64}$/.test(value),
      ),
      timeoutMs: milliseconds('REDIS_TIMEOUT_MS', 300, 10, 10_000),
      retries: whole('REDIS_RETRIES', 1, 0, 5, 'retries'),
    },
    postgres: {
      url: text(
        'DATABASE_URL',
        'set it to the connection string that the Neon console shows, postgresql://user:password@host/database (wrangler secret put DATABASE_URL)',
        isPostgresUrl,
      ),
      fetchEndpoint:
        optional(
          'NEON_FETCH_ENDPOINT',
          '',
          `set it to an https:// URL${LOOPBACK_ONLY}, or leave it out to use Neon`,
          isStoreUrl,
        ) || null,
      timeoutMs: milliseconds('POSTGRES_TIMEOUT_MS', 5_000, 100, 30_000),
      retries: whole('POSTGRES_RETRIES', 1, 0, 5, 'retries'),
    },
    adminToken: secret('ADMIN_TOKEN'),
    previousAdminToken: secret('ADMIN_TOKEN_PREVIOUS'),
    apiHost: parseHost(
      optional(
        'API_HOST',
        '',
        'set it to one host name: links.example.com',
        (value) => parseHost(value) !== null,
      ),
    ),
    securityContact:
      optional(
        'SECURITY_CONTACT',
        '',
        'set it to a URI: mailto:security@example.com or https://example.com/security',
        (value) => /^(?:mailto:|https:\/\/|tel:)/.test(value) && isToken(value),
      ) || null,
    domains: new Set(
      optional(
        'DOMAINS',
        '',
        'list host names with commas between them, without scheme, port or path: go.example.com,example.org',
        (value) => value.split(',').every((host) => parseHost(host.trim()) !== null),
      )
        .split(',')
        .flatMap((host) => parseHost(host.trim()) ?? []),
    ),
    baseUrl:
      optional(
        'BASE_URL',
        '',
        'set it to an http(s) origin without a path: https://go.example.com',
        (value) => isHttpUrl(value) && new URL(value).origin === value.replace(/\/$/, ''),
      ).replace(/\/$/, '') || null,
    rateLimits: {
      misses: isRateLimiter(env.MISS_LIMITER) ? env.MISS_LIMITER : null,
      failures: isRateLimiter(env.FAILED_AUTH_LIMITER) ? env.FAILED_AUTH_LIMITER : null,
      writes: isRateLimiter(env.WRITE_LIMITER) ? env.WRITE_LIMITER : null,
    },
    subrequests: whole('SUBREQUESTS', 50, 10, 10_000_000, 'requests'),
    hits: { commitWindowMs, maxCommitWindowMs },
    visits: {
      logDays: whole('VISIT_LOG_DAYS', 30, 0, 400, 'days'),
      detailDays: whole('DETAIL_DAYS', 90, 7, 400, 'days'),
    },
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

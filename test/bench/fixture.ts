/**
 * @module
 * Stores with links in them, and the settings that lead a Worker there.
 */
import { withExpiry } from '../../src/cache/freshness.ts'
import { encodeRegister } from '../../src/registers/codec.ts'
import { linkCodec } from '../../src/registers/link-codec.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { sampleLink } from '../support/sample-link.ts'
import { type Stores, startStores } from '../support/stores.ts'

export interface Fixture {
  readonly stores: Stores
  readonly bindings: Readonly<Record<string, string>>
}

/** The link that everybody follows. */
export const HOT = '/hot'
export const ABSENT = '/nothing-here'
const URL_OF_LINKS = 'https://example.com/a/page?of=some#length'

export interface FixtureOptions {
  /** Links `w0`, `w1` and so on that Redis has too. */
  readonly warm?: number
  /** Links `c0`, `c1` and so on that only Postgres has. */
  readonly cold?: number
}

export async function startFixture({ warm = 0, cold = 0 }: FixtureOptions = {}): Promise<Fixture> {
  const stores = await startStores()
  await stores.sql("INSERT INTO links (domain, code, url) VALUES ('*', 'hot', $1)", [URL_OF_LINKS])
  await insertLinks(stores, 'c', cold)
  await insertLinks(stores, 'w', warm)
  await fillRegisters(stores)
  const bindings = { ADMIN_TOKEN, REDIS_TIMEOUT_MS: '5000', ...stores.bindings }
  return { stores, bindings }
}

async function insertLinks(stores: Stores, prefix: string, count: number): Promise<void> {
  await stores.sql(
    "INSERT INTO links (domain, code, url) SELECT '*', $1 || n, $2 FROM generate_series(0, $3 - 1) AS n",
    [prefix, URL_OF_LINKS, count],
  )
}

/** Puts the links `w...` into Redis, as a reader would have left them there. */
async function fillRegisters(stores: Stores): Promise<void> {
  const rows = await stores.sql<{ id: string; code: string; version: string }>(
    "SELECT id, code, version FROM links WHERE code LIKE 'w%'",
  )
  for (let i = 0; i < rows.length; i += 1000) {
    const writing = rows.slice(i, i + 1000).map(({ id, code, version }) => {
      const link = sampleLink({ id, url: URL_OF_LINKS, version: Number(version) })
      const register = withExpiry({ version: link.version, value: link }, 5, Date.now(), Math.random)
      return stores.redis('SET', `${stores.keyPrefix}v1:link:*/${code}`, encodeRegister(register, linkCodec))
    })
    await Promise.all(writing)
  }
}

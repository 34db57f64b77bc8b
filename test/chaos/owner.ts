import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiLink, Edge } from '../support/edge.ts'
import type { Stores } from '../support/stores.ts'
import type { LinkHistory } from './link-history.ts'
import type { Random } from './random.ts'
import { generationOf, urlOf } from './visitors.ts'

export interface OwnerOptions {
  readonly stores: Stores
  readonly edges: readonly [Edge, ...Edge[]]
  readonly random: Random
  readonly mistakes: string[]
}

/** Longer than any fault holds a statement back: an unanswered write has then happened or never will. */
const SETTLED_AFTER_MS = 3_000

/** Creates, edits and deletes the links of its codes, one after the other, through any isolate. */
export function createOwner({ stores, edges, random, mistakes }: OwnerOptions) {
  let writes = 0
  const busyUntil = new Map<string, number>()

  /** Whether Redis has a register of this code that is newer than `version`. */
  async function isPublished(code: string, version: number): Promise<boolean> {
    return Number(String(await stores.redis('GET', stores.registerOf(code))).split(':')[0]) > version
  }

  /** @param version of the link before the change. */
  async function send(
    {
      code,
      version,
      shown,
      expected,
    }: { code: string; version: number; shown: string | null; expected: number },
    history: LinkHistory,
    request: (edge: Edge) => Promise<Response>,
  ): Promise<Response | null> {
    const write = history.write(shown)
    const response = await request(random.pick(edges))
    if (response.status === expected) {
      write.acknowledged()
      if (await isPublished(code, version)) write.published()
      return response
    }
    busyUntil.set(code, Date.now() + SETTLED_AFTER_MS)
    // 404 and 409: an earlier write that was answered 503 has happened.
    if (![503, 404, 409].includes(response.status))
      mistakes.push(`write /${code}: ${response.status} ${await response.text()}`)
    return null
  }

  return {
    /** Makes one change. */
    async change(code: string, history: LinkHistory): Promise<void> {
      if (Date.now() < (busyUntil.get(code) ?? 0)) return sleep(20)
      // What an owner would learn from the API in quieter times.
      const [row] = await stores.sql<{ id: string; url: string; version: string }>(
        'SELECT id, url, version FROM links WHERE code = $1',
        [code],
      )
      writes++
      const version = Number(row?.version ?? 0)
      if (row === undefined) {
        const url = urlOf(`${code}-${writes}`, 0)
        // The register of a deletion may be there, so being newer than no link proves nothing.
        const created = { code, version: Number.POSITIVE_INFINITY, shown: url, expected: 201 }
        await send(created, history, (edge) => edge.api('POST', '/links', { code, url }))
      } else if (random.next() < 0.2) {
        const deleted = { code, version, shown: null, expected: 204 }
        await send(deleted, history, (edge) => edge.api('DELETE', `/links/${row.id}`))
      } else {
        const url = urlOf(generationOf(row.url), writes)
        const edited = { code, version, shown: url, expected: 200 }
        const response = await send(edited, history, (edge) => edge.api('PATCH', `/links/${row.id}`, { url }))
        const link = (await response?.json()) as ApiLink | undefined
        if (link !== undefined && link.url !== url)
          mistakes.push(`write /${code}: answered ${link.url}, not ${url}`)
      }
    },
  }
}

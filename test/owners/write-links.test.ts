import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LinkRecord, linkName } from '../../src/links/link.ts'
import type { BulkStore, LinkDraft, WrittenLink } from '../../src/owners/bulk-store.ts'
import { createPublishedWrites, type PublishedWrites } from '../../src/owners/published-writes.ts'
import { createWriteLinks, type LinkItem, type OnTaken } from '../../src/owners/write-links.ts'
import type { Edit } from '../../src/registers/edit.ts'
import { sampleLink } from '../support/sample-link.ts'

/**
 * Links by name; like Postgres it refuses to write one key twice in one statement, and records what each step wrote.
 * @param answer loses an answer by throwing.
 */
function memoryStore(
  table: Map<string, LinkRecord>,
  answer = (): void => {},
): Pick<BulkStore, 'write' | 'freeSuffixes'> {
  const recorded = new Map<number, readonly WrittenLink[]>()
  return {
    async write(drafts, onTaken, step) {
      const earlier = step === null ? undefined : recorded.get(step.step)
      if (earlier !== undefined) return earlier.map((link) => ({ ...link, isRepeated: true }))
      const written = writeAll(drafts, onTaken)
      if (step !== null) recorded.set(step.step, written)
      answer()
      return written
    },
    async freeSuffixes(keys) {
      return keys.map(({ domain, code, count }) => {
        const free = Array.from({ length: 100 }, (_, i) => i + 2).filter(
          (n) => !table.has(`${domain}/${code}-${n}`),
        )
        return free.slice(0, count)
      })
    },
  }

  function writeAll(drafts: readonly LinkDraft[], onTaken: string): WrittenLink[] {
    const names = drafts.map(({ domain, code }) => `${domain}/${code}`)
    expect(new Set(names).size).toBe(names.length)
    return drafts.flatMap(({ index, domain, code, fields }): WrittenLink[] => {
      const name = `${domain}/${code}`
      const isNew = !table.has(name)
      if (!isNew && onTaken === 'keep') return []
      const link = { ...recordOf(domain, code, fields.url), id: table.get(name)?.id ?? `${table.size + 1}` }
      table.set(name, link)
      return [{ ...link, index, isNew, isFirst: isNew, isRepeated: false }]
    })
  }
}

const fields = (url: string) => ({ ...sampleLink({ url }), expiresAt: null, title: null, tags: [] })
function recordOf(domain: string, code: string, url: string): LinkRecord {
  const at = new Date(0)
  return { ...fields(url), id: '0', domain, code, version: 1, createdAt: at, updatedAt: at }
}

interface PublishedLink {
  readonly name: string
  readonly url: string
}

const publishingInto = (published: PublishedLink[]): PublishedWrites =>
  createPublishedWrites({
    lease: async () => null,
    publish: async (edits) => {
      for (const edit of edits) {
        if ('code' in edit && edit.link !== null) published.push({ name: linkName(edit), url: edit.link.url })
      }
    },
    drain: async () => ({ drained: 0, complete: true }),
    markBehind: () => {},
  })

/** With two digits behind it, it is too long for a code. */
const LONGEST = 'l'.repeat(126)

/** What writing one item after the other would do. */
function oneByOne(
  table: Map<string, string>,
  items: readonly LinkItem[],
  onTaken: OnTaken,
): (string | undefined)[] {
  return items.map(({ domain, code, fields }) => {
    if (code === undefined) return 'created'
    const name = `${domain}/${code}`
    if (!table.has(name) || onTaken === 'overwrite' || onTaken === 'restore') {
      const kind = table.has(name) ? 'updated' : 'created'
      table.set(name, fields.url)
      return kind
    }
    return onTaken === 'keep' ? 'taken' : 'renamed'
  })
}

const code = fc.option(fc.constantFrom('a', 'b', 'a-2', 'c', LONGEST), { nil: undefined })
const items = fc.array(fc.record({ domain: fc.constantFrom('*', 'x'), code, url: fc.webUrl() }), {
  maxLength: 12,
})
const onTaken = fc.constantFrom<OnTaken>('keep', 'overwrite', 'restore', 'rename')
const toItem = (item: { domain: string; code: string | undefined; url: string }): LinkItem => ({
  ...{ domain: item.domain, code: item.code, fields: fields(item.url) },
})

test('a batch does what its items would do one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(items, items, onTaken, async (existing, added, policy) => {
      const table = new Map<string, LinkRecord>()
      const published: PublishedLink[] = []
      const write = createWriteLinks(memoryStore(table), publishingInto(published))
      await write(existing.map(toItem), 'keep', null)
      const model = new Map([...table].map(([name, { url }]) => [name, url]))
      const before = published.length
      const outcomes = await write(added.map(toItem), policy, null)
      const expected = oneByOne(model, added.map(toItem), policy)
      // A renamed link may take the very code that a later item asks for; then that one is renamed.
      if (policy !== 'rename') expect(outcomes.map(({ kind }) => kind)).toEqual(expected)
      else {
        const isLongest = (i: number): boolean => added[i]?.code === LONGEST
        expect(
          outcomes.every(({ kind }, i) => isLongest(i) || kind === 'created' || kind === 'renamed'),
        ).toBe(true)
      }
      for (const [name, url] of model) expect(table.get(name)?.url).toBe(url)
      expect(published.slice(before).every(({ name, url }) => table.get(name)?.url === url)).toBe(true)
    }),
  )
})

test('a request that is repeated after each lost answer writes what it would have written at once', async () => {
  const losses = fc.array(fc.boolean(), { maxLength: 8 })
  const attempt = { caller: 'admin', key: 'key', attempt: '1' }
  await fc.assert(
    fc.asyncProperty(items, items, onTaken, losses, async (existing, added, policy, lost) => {
      const run = async (losing: boolean[]) => {
        const table = new Map<string, LinkRecord>()
        const writes = publishingInto([])
        await createWriteLinks(memoryStore(table), writes)(existing.map(toItem), 'keep', null)
        const bulk = memoryStore(table, () => {
          if (losing.shift() === true) throw new Error('lost')
        })
        const write = createWriteLinks(bulk, writes)
        for (;;) {
          try {
            const outcomes = await write(added.map(toItem), policy, attempt)
            return { kinds: outcomes.map(({ kind }) => kind), outcomes, table }
          } catch (error) {
            expect(error).toMatchObject({ message: 'lost' })
          }
        }
      }
      const [atOnce, repeated] = [await run([]), await run([...lost])]
      expect(repeated.kinds).toEqual(atOnce.kinds)
      expect(repeated.table.size).toBe(atOnce.table.size)
      for (const outcome of repeated.outcomes) {
        if (!('link' in outcome)) continue
        const { domain, code, id } = outcome.link
        expect(repeated.table.get(`${domain}/${code}`)?.id).toBe(id)
      }
    }),
  )
})

test('a single link is leased under each code that is drawn, and published with the lease of the code it got', async () => {
  const leased: string[] = []
  const published: Edit[] = []
  const store = memoryStore(new Map())
  let isFirst = true
  const bulk: typeof store = {
    ...store,
    async write(drafts, policy, step) {
      const written = isFirst ? [] : await store.write(drafts, policy, step)
      isFirst = false
      return written
    },
  }
  const writes = createPublishedWrites({
    lease: async (key) => {
      const token = 'code' in key ? linkName(key) : key.host
      leased.push(token)
      return { token, corrupt: '' }
    },
    publish: async (edits) => void published.push(...edits),
    drain: async () => ({ drained: 0, complete: true }),
    markBehind: () => {},
  })
  const write = createWriteLinks(bulk, writes)
  const item = toItem({ domain: '*', code: undefined, url: 'https://example.com/' })
  const [outcome] = await write([item], 'keep', null, writes.lease)
  if (outcome === undefined || !('link' in outcome)) throw new Error('wrote nothing')
  expect(new Set(leased).size).toBe(2)
  expect(leased[1]).toBe(linkName(outcome.link))
  expect(published.map(({ lease }) => lease?.token)).toEqual([leased[1]])
  await write([item, item], 'keep', null)
  expect(leased).toHaveLength(2)
  expect(published.slice(1).map(({ lease }) => lease)).toEqual([null, null])
})

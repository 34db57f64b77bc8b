import { describe, expect } from 'vitest'
import { runCli } from '../cli/support/run-cli.ts'
import { cliEnv } from '../support/cli-test.ts'
import { type ApiLink, codeOf } from '../support/edge.ts'
import { test as base } from '../support/fault-test.ts'
import type { Fault, FaultRule } from '../support/faults.ts'

const url = 'https://example.com/'

const test = base
  .extend('post', ({ edge }) => (key: string, body: unknown, path = '/links') => {
    return edge.api('POST', path, body, { 'Idempotency-Key': key })
  })
  .extend('countLinks', ({ stores }) => async (pattern: string): Promise<number> => {
    return (await stores.sql('SELECT FROM links WHERE url LIKE $1', [pattern])).length
  })
  /** Strikes the `nth` of such statements, and no other. */
  .extend('strikeOnce', ({ stores }) => (fault: Fault, pattern: RegExp, nth = 1): void => {
    const isMeant = runsSql(pattern)
    let seen = 0
    stores.postgresFaults.inject(fault, (call) => isMeant?.(call) === true && ++seen === nth)
  })
  /** As if the attempt had begun long ago, and died. */
  .extend('outdateClaim', ({ stores }) => (key: string) => {
    const outdate = `UPDATE idempotent_answers SET created_at = now() - interval '2 minutes' WHERE key = $1`
    return stores.sql(outdate, [key])
  })

const runsSql =
  (pattern: RegExp): FaultRule['when'] =>
  ({ commands }) =>
    commands.some((sql) => pattern.test(sql))
const WRITE = /INSERT INTO "links"/
const CLAIM = /insert into "idempotent_answers"/
const STORE = /update "idempotent_answers" set "writes"/

const rows = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ url: `${url}${prefix}/${i}`, code: `${prefix}-${i}` }))

describe('answer of a write lost', () => {
  test('the repetition of POST /links finds the link that was made', async ({
    edge,
    post,
    countLinks,
    strikeOnce,
  }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    expect((await post('lost-create', { url: `${url}lost-create` })).status).toBe(503)
    const again = await post('lost-create', { url: `${url}lost-create` })
    expect(again.status).toBe(201)
    expect(await countLinks('%/lost-create')).toBe(1)
    expect(await edge.follow(String(await codeOf(again)))).toBe(`${url}lost-create`)
  })

  test('a code is not taken by the request that asked for it', async ({ post, strikeOnce }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    const body = { url, code: 'lost-own-code' }
    expect((await post('lost-own-code', body)).status).toBe(503)
    expect((await post('lost-own-code', body)).status).toBe(201)
    expect((await post('another', body)).status).toBe(409)
  })

  test('a code that was taken still is', async ({ edge, post, strikeOnce }) => {
    await edge.create({ url, code: 'lost-taken' })
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    const body = { url, code: 'lost-taken' }
    expect((await post('lost-taken', body)).status).toBe(503)
    const again = await post('lost-taken', body)
    expect([again.status, await codeOf(again)]).toEqual([409, 'code_taken'])
  })

  test('a key goes on belonging to its request', async ({ post, strikeOnce }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    expect((await post('lost-key', { url })).status).toBe(503)
    const other = await post('lost-key', { url: `${url}other` })
    expect([other.status, await codeOf(other)]).toEqual([422, 'idempotency_key_reused'])
  })

  test('a bulk request whose codes are drawn makes each link once', async ({
    post,
    countLinks,
    strikeOnce,
  }) => {
    const links = Array.from({ length: 50 }, (_, i) => ({ url: `${url}lost-bulk/${i}` }))
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    expect((await post('lost-bulk', { links }, '/links/bulk')).status).toBe(503)
    const again = await post('lost-bulk', { links }, '/links/bulk')
    const { results } = (await again.json()) as { results: { outcome: string; link: ApiLink }[] }
    expect(await countLinks('%/lost-bulk/%')).toBe(50)
    expect(results.map(({ outcome, link }) => [outcome, link.url])).toEqual(
      links.map((link) => ['created', link.url]),
    )
  })

  test('an upsert says what it did, not what it would do now', async ({ edge, post, strikeOnce }) => {
    await edge.create({ url, code: 'lost-upsert-0' })
    const links = rows('lost-upsert', 2)
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    expect((await post('lost-upsert', { mode: 'upsert', links }, '/links/bulk')).status).toBe(503)
    const again = await post('lost-upsert', { mode: 'upsert', links }, '/links/bulk')
    const { results } = (await again.json()) as { results: { outcome: string }[] }
    expect(results.map(({ outcome }) => outcome)).toEqual(['updated', 'created'])
  })

  test.for([1, 2])(
    'an import with rename makes 100 rows of 100, lost at statement %d',
    async (nth, { edge, post, countLinks, strikeOnce }) => {
      const prefix = `lost-rename-${nth}`
      await edge.api('POST', '/links/bulk', { links: rows(prefix, 50) })
      const body = { onConflict: 'rename', links: rows(prefix, 100) }
      strikeOnce({ kind: 'drop-answer' }, WRITE, nth)
      expect((await post(prefix, body, '/links/import')).status).toBe(503)
      const again = await post(prefix, body, '/links/import')
      const { results } = (await again.json()) as { results: { outcome: string; code: string }[] }
      expect(await countLinks(`%/${prefix}/%`)).toBe(150)
      const expected = body.links.map(({ code }, i) =>
        i < 50 ? ['renamed', `${code}-2`] : ['created', code],
      )
      expect(results.map(({ outcome, code }) => [outcome, code])).toEqual(expected)
    },
  )

  test('two repetitions at once make one link', async ({ post, countLinks, strikeOnce }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    const body = { url: `${url}lost-twice` }
    expect((await post('lost-twice', body)).status).toBe(503)
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('lost-twice', body)))
    for (const { status } of answers) expect(status).toBeOneOf([201, 409])
    expect(answers.map(({ status }) => status)).toContain(201)
    expect(await countLinks('%/lost-twice')).toBe(1)
  })

  test('the CLI, which repeats by itself, makes one link', async ({ edge, countLinks, strikeOnce }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    expect(await runCli(['links', 'create', `${url}lost-cli`], { env: cliEnv(edge) })).toMatchObject({
      code: 0,
    })
    expect(await countLinks('%/lost-cli')).toBe(1)
  })

  test('a link that was deleted before the repetition does not come back', async ({
    stores,
    edge,
    post,
    strikeOnce,
  }) => {
    strikeOnce({ kind: 'drop-answer' }, WRITE)
    const body = { url, code: 'lost-deleted' }
    expect((await post('lost-deleted', body)).status).toBe(503)
    const found = await edge.api('GET', '/links/lookup?code=lost-deleted')
    const { id } = (await found.json()) as ApiLink
    expect((await edge.api('DELETE', `/links/${id}`)).status).toBe(204)
    await stores.redis('DEL', stores.registerOf('lost-deleted'))
    expect((await edge.get('/lost-deleted')).status).toBe(404)
    expect((await post('lost-deleted', body)).status).toBe(201)
    expect((await edge.get('/lost-deleted')).status).toBe(404)
    expect(String(await stores.register('lost-deleted'))).not.toContain(url)
  })
})

describe('everything around the write', () => {
  test('answer of the claim lost: the repetition need not wait for it', async ({
    post,
    countLinks,
    strikeOnce,
  }) => {
    strikeOnce({ kind: 'drop-answer' }, CLAIM)
    const body = { url: `${url}lost-claim` }
    expect((await post('lost-claim', body)).status).toBe(503)
    await expect.poll(async () => (await post('lost-claim', body)).status).toBe(201)
    expect(await countLinks('%/lost-claim')).toBe(1)
  })

  test.for(['refuse', 'drop-answer'] as const)(
    'the answer cannot be kept (%s): it is true all the same, and repeated',
    async (kind, { post, countLinks, strikeOnce, outdateClaim }) => {
      strikeOnce({ kind }, STORE)
      const key = `unkept-${kind}`
      const first = await post(key, { url: `${url}${key}` })
      expect(first.status).toBe(201)
      await outdateClaim(key)
      const again = await post(key, { url: `${url}${key}` })
      expect([again.status, await again.json()]).toEqual([201, await first.json()])
      expect(await countLinks(`%/${key}`)).toBe(1)
    },
  )

  test('an attempt that was taken over writes nothing more', async ({
    stores,
    post,
    countLinks,
    strikeOnce,
    outdateClaim,
  }) => {
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    strikeOnce({ kind: 'hold', until }, WRITE)
    const body = { url: `${url}overtaken` }
    const first = post('overtaken', body)
    await expect.poll(() => stores.postgresFaults.struck).toBe(1)
    await outdateClaim('overtaken')
    const second = await post('overtaken', body)
    expect(second.status).toBe(201)
    release()
    const late = await first
    expect([late.status, await codeOf(late)]).toEqual([409, 'idempotency_in_progress'])
    expect(await countLinks('%/overtaken')).toBe(1)
    const third = await post('overtaken', body)
    expect([third.status, await third.json()]).toEqual([201, await second.json()])
  })

  test('a write that arrives only after its attempt has given up writes nothing', async ({
    stores,
    startEdge,
    post,
    countLinks,
    strikeOnce,
  }) => {
    const hasty = await startEdge({ POSTGRES_TIMEOUT_MS: '500' })
    const { promise: until, resolve: release } = Promise.withResolvers<void>()
    strikeOnce({ kind: 'hold', until }, WRITE)
    const body = { url: `${url}belated` }
    const headers = { 'Idempotency-Key': 'belated' }
    expect((await hasty.api('POST', '/links', body, headers)).status).toBe(503)
    expect((await post('belated', body)).status).toBe(201)
    release()
    await expect.poll(() => stores.postgresFaults.struck).toBe(0)
    expect(await countLinks('%/belated')).toBe(1)
  })
})

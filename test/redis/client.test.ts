import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { describeError } from '../../src/log.ts'
import { createRedisClient, isRedisOutage } from '../../src/redis/client.ts'

let server: Server | undefined

const CONFIG = { url: 'http://127.0.0.1:1', token: 't', keyPrefix: 'x:', timeoutMs: 5_000, retries: 1 }

/** As Upstash and Redis 7 write them. */
const OUT_OF_ORDER = [
  'ERR max requests limit exceeded. Limit: 500000, Usage: 500000. See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details',
  'ERR max daily request limit exceeded. Limit: 10000, Usage: 10000. See https://upstash.com/docs/redis/troubleshooting/max_daily_request_limit for details',
  'ERR DB capacity quota exceeded',
  'ERR max concurrent connections exceeded',
  'WRONGPASS invalid or missing auth token. See https://docs.upstash.com/redis/troubleshooting/http_unauthorized for details.',
  'NOAUTH Authentication required.',
  "NOPERM this user has no permissions to run the 'eval' command",
  "ERR The user executing the script can't run this command or subcommand script: 59cf6ac9118cb61c2ce338ad3321ab2d2c715474, on @user_script:1.",
  "OOM command not allowed when used memory > 'maxmemory'. script: 7bcb38f8fb2cb05b2e932744664e05dbe518a424, on @user_script:1.",
  "READONLY You can't write against a read only replica. script: 08f4ad28276d5785b59749f2babe4b6ddd194fbb, on @user_script:1.",
  'NOREPLICAS Not enough good replicas to write.',
  'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  'LOADING Redis is loading the dataset in memory',
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  'CLUSTERDOWN The cluster is down',
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  'TRYAGAIN Multiple keys request during rehashing of slot',
]

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A client of a server that answers each request with the next of `answers`; `null` = cuts the connection. */
async function clientOf(answers: readonly (string | null)[], retries = 1) {
  let requests = 0
  server = createServer((_request, response) => {
    const answer = answers[requests++] ?? null
    if (answer === null) response.destroy()
    else response.writeHead(answer.includes('error') ? 400 : 200).end(answer)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const breaker = createBreaker({ now: () => 0, isOutage: isRedisOutage })
  const config = { ...CONFIG, url: `http://127.0.0.1:${port}`, retries }
  return { client: createRedisClient(config, breaker), breaker, requests: () => requests }
}

const failureOf = (work: Promise<unknown>): Promise<SourceUnavailable> =>
  work.then(
    () => Promise.reject(new Error('succeeded')),
    (error) => error,
  )

describe('redis client', () => {
  test('tries again once when the connection breaks', async () => {
    const { client, requests } = await clientOf([null, '{"result":"OK"}'])
    expect(await client.command('SET', 'a', '1')).toBe('OK')
    expect(requests()).toBe(2)
  })

  test('does not try again what Redis itself refuses, nor takes it for an outage', async () => {
    const { client, breaker, requests } = await clientOf(Array(10).fill('{"error":"WRONGTYPE not a string"}'))
    for (let i = 0; i < 10; i++)
      expect(await failureOf(client.command('GET', 'a'))).toBeInstanceOf(SourceUnavailable)
    expect([requests(), breaker.state()]).toEqual([10, 'closed'])
  })

  test.each([
    ['half a reply', '{"result":"private-value'],
    ['something else than JSON', 'private-value'],
    ['an error', '{"error":"ERR private is not"}'],
  ])('fails with a description that quotes neither command nor reply: %s', async (_, answer) => {
    const { client } = await clientOf(Array(2).fill(answer))
    const described = describeError(await failureOf(client.command('SET', 'a', 'private-value')))
    expect(described).toMatch(/^SourceUnavailable: redis is unavailable <- Upstash\w*Error: /)
    expect(described).not.toContain('private-value')
  })

  test('knows what was certainly not sent: nothing while the breaker is open', async () => {
    const { client, requests } = await clientOf([], 0)
    for (let i = 0; i < 5; i++) expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(true)
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(false)
    expect(requests()).toBe(5)
  })

  test.each(OUT_OF_ORDER)(
    'a Redis that refuses with "%s" has executed nothing, and is out of order',
    async (reply) => {
      const { client, breaker, requests } = await clientOf(Array(5).fill(JSON.stringify({ error: reply })))
      for (let i = 0; i < 5; i++) {
        expect(await failureOf(client.command('SET', 'a', '1'))).toMatchObject({ wasSent: false })
      }
      expect([requests(), breaker.state()]).toEqual([5, 'open'])
    },
  )

  test('an unknown reply may mean an outage, and that the script has run', async () => {
    const { client, breaker } = await clientOf(Array(10).fill('{"error":"ERR something new"}'))
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(client.command('GET', 'a'))).toMatchObject({ wasSent: true })
    }
    expect(breaker.state()).toBe('open')
  })

  test('what is too large for Upstash was not executed, and Redis is well', async () => {
    const reply = '{"error":"ERR max request size exceeded. Limit: 10485760 bytes, Actual: 10485761 bytes"}'
    const { client, breaker } = await clientOf(Array(10).fill(reply))
    for (let i = 0; i < 10; i++) {
      expect(await failureOf(client.command('SET', 'a', '1'))).toMatchObject({ wasSent: false })
    }
    expect(breaker.state()).toBe('closed')
  })

  test('a script that a refusal stopped half-way may have run up to there', async () => {
    const { client } = await clientOf([JSON.stringify({ error: `HALFWAY ${OUT_OF_ORDER[0]}` })], 0)
    expect(await failureOf(client.eval('', [], []))).toMatchObject({ wasSent: true })
  })

  test('calls it sent when the second try is refused, but the first may have run', async () => {
    const { client } = await clientOf([null, JSON.stringify({ error: OUT_OF_ORDER[0] })])
    expect(await failureOf(client.command('SET', 'a', '1'))).toMatchObject({ wasSent: true })
  })

  test('what the platform does not send was never sent, and leaves the circuit breaker as it is', async () => {
    const breaker = createBreaker({ now: () => 0, isOutage: isRedisOutage })
    const limit = new Error('Too many subrequests by single Worker invocation.')
    const refuse = (): Promise<never> => Promise.reject(limit)
    const client = createRedisClient(CONFIG, breaker, { eval: refuse, exec: refuse })
    for (let i = 0; i < 10; i++) {
      expect(await failureOf(client.command('GET', 'a'))).toMatchObject({ wasSent: false, cause: limit })
    }
    expect(breaker.state()).toBe('closed')
  })

  test('calls it sent when the breaker opens between the first try and the second', async () => {
    const { client } = await clientOf([], 1)
    for (let i = 0; i < 2; i++) await failureOf(client.command('GET', 'a'))
    // The fifth failure in a row is the first try of this one.
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(true)
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(false)
  })
})

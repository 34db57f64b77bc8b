import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createBreaker } from '../../src/breaker.ts'
import { SourceUnavailable } from '../../src/errors.ts'
import { createRedisClient, isRedisOutage } from '../../src/redis/client.ts'

let server: Server | undefined

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
  const config = { url: `http://127.0.0.1:${port}`, token: 't', keyPrefix: 'x:', timeoutMs: 5_000, retries }
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

  test('knows what was certainly not sent: nothing while the breaker is open', async () => {
    const { client, requests } = await clientOf([], 0)
    for (let i = 0; i < 5; i++) expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(true)
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(false)
    expect(requests()).toBe(5)
  })

  test('calls it sent when the breaker opens between the first try and the second', async () => {
    const { client } = await clientOf([], 1)
    for (let i = 0; i < 2; i++) await failureOf(client.command('GET', 'a'))
    // The fifth failure in a row is the first try of this one.
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(true)
    expect((await failureOf(client.command('GET', 'a'))).wasSent).toBe(false)
  })
})

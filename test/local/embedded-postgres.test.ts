import { once } from 'node:events'
import { neon, neonConfig } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type NeonBridge, startNeonBridge } from '../../src/local/neon-bridge.ts'

let bridge: NeonBridge

beforeAll(async () => {
  bridge = await startNeonBridge({ template: process.env.LINKR_TEST_TEMPLATE })
  neonConfig.fetchEndpoint = bridge.fetchEndpoint
})
afterAll(() => bridge.close())

/** A connection of its own, over TCP. */
async function connect(url = bridge.databaseUrl): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

const sql = (text: string) => neon(bridge.connectionString).query(text)

describe('the embedded Postgres', () => {
  it('keeps nothing else in its process waiting while a query runs', async () => {
    const client = await connect()
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await client.query('SELECT pg_sleep(0.3)')
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it('closes although a query would run for an hour', async () => {
    const own = await startNeonBridge({ template: process.env.LINKR_TEST_TEMPLATE })
    const client = await connect(own.databaseUrl)
    const waiting = await connect(own.databaseUrl)
    const queries = Promise.allSettled([client.query('SELECT pg_sleep(3600)'), waiting.query('SELECT 1')])
    await own.close()
    expect((await queries).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('closes while one HTTP request runs, and the connections of others are still being cleaned', async () => {
    for (const parallel of [1, 2, 3]) {
      const own = await startNeonBridge({ template: process.env.LINKR_TEST_TEMPLATE })
      const post = (query: string) =>
        fetch(own.fetchEndpoint, {
          method: 'POST',
          headers: { 'neon-connection-string': own.connectionString },
          body: JSON.stringify({ query }),
        })
      await Promise.all(Array.from({ length: parallel }, () => post("SET application_name = 'x'")))
      if (parallel < 3) await own.close()
      else {
        const running = post('SELECT pg_sleep(3600)').catch(() => 'broken off')
        await own.close()
        expect(await running).toBe('broken off')
      }
    }
  })

  it.each([
    ['COPY FROM STDIN', 'COPY copied FROM STDIN'],
    ['COPY FROM STDIN', '/* behind a comment */ COPY copied FROM STDIN'],
    ['COPY TO PROGRAM', "COPY copied TO PROGRAM 'cat'"],
    ['COPY TO PROGRAM', "COPY (SELECT 1) TO/**/PROGRAM 'cat'"],
    ['COPY TO PROGRAM', "DO $$BEGIN COPY copied TO PROGRAM 'cat'; END$$"],
    ['COPY FROM PROGRAM', "-- first\ncopy copied from program 'cat'"],
  ])('refuses what would end it: %s in %s', async (what, text) => {
    const client = await connect()
    await client.query('CREATE TABLE IF NOT EXISTS copied (id int)')
    const values = { text, values: [] }
    for (const query of [text, { ...values, name: 'prepared' }]) {
      await expect(client.query(query)).rejects.toMatchObject({
        code: '0A000',
        message: `${what} is not supported by the embedded Postgres`,
      })
    }
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })
})

describe('LISTEN and NOTIFY', () => {
  /** What a client has heard, from here on. */
  function heardBy(client: pg.Client): string[] {
    const heard: string[] = []
    client.on('notification', ({ channel, payload }) => heard.push(`${channel}:${payload}`))
    return heard
  }

  it('reaches every session that listens, from any sender, and no other', async () => {
    const [one, other, silent] = [await connect(), await connect(), await connect()]
    const [heard, heardByOther, heardBySilent] = [heardBy(one), heardBy(other), heardBy(silent)]
    await one.query('LISTEN news')
    await other.query('LISTEN "News"; LISTEN news')
    await silent.query("NOTIFY news, 'by TCP'")
    await sql("NOTIFY news, 'by HTTP'")
    await one.query("SELECT pg_notify('News', 'own')")
    await expect.poll(() => heardByOther).toEqual(['news:by TCP', 'news:by HTTP', 'News:own'])
    expect(heard).toEqual(['news:by TCP', 'news:by HTTP'])
    expect(heardBySilent).toEqual([])
  })

  it('tells who notified by the number that this session knows itself by', async () => {
    const [one, other] = [await connect(), await connect()]
    await one.query('LISTEN numbers')
    const notified = once(one, 'notification')
    await other.query('NOTIFY numbers')
    const [{ processId }] = await notified
    expect(processId).toBe((other as unknown as { processID: number }).processID)
  })

  it('goes on for one session when another stops listening, resets itself or ends', async () => {
    const [one, other, third] = [await connect(), await connect(), await connect()]
    const [heard, heardByOther] = [heardBy(one), heardBy(other)]
    for (const client of [one, other, third]) await client.query('LISTEN shared')
    await other.query('UNLISTEN shared')
    await third.query('DISCARD ALL')
    const fourth = new pg.Client(bridge.databaseUrl)
    await fourth.connect()
    await fourth.query('LISTEN shared')
    await fourth.end()
    await sql("SELECT set_config('application_name', 'x', false)")
    await third.query("NOTIFY shared, 'still'")
    await expect.poll(() => heard).toEqual(['shared:still'])
    expect(heardByOther).toEqual([])
  })

  it('begins with the commit, and not at all after a rollback', async () => {
    const [one, other] = [await connect(), await connect()]
    const [heard, heardByOther] = [heardBy(one), heardBy(other)]
    for (const [client, end] of [
      [one, 'COMMIT'],
      [other, 'ROLLBACK'],
    ] as const) {
      await client.query('BEGIN')
      await client.query('LISTEN later')
      await client.query(end)
    }
    await sql("NOTIFY later, 'now'")
    await expect.poll(() => heard).toEqual(['later:now'])
    expect(heardByOther).toEqual([])
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, neon, neonConfig, Pool } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmbeddedDatabase } from '../../src/local/neon/embedded-database.ts'
import { type NeonBridge, startNeonBridge } from '../../src/local/neon-bridge.ts'

const SERVICES = process.env.STORES === 'services'
const SERVER = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Faster than an empty one. */
const template = process.env.LINKR_TEST_TEMPLATE

let bridge: NeonBridge
let databaseUrl: string | undefined
let closeDatabase = async () => {}

beforeAll(async () => {
  if (SERVICES) {
    const name = `neon_bridge_${process.pid}`
    const admin = new pg.Client(SERVER)
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`)
    const url = new URL(SERVER)
    url.pathname = `/${name}`
    databaseUrl = url.href
    closeDatabase = async () => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    }
  }
  bridge = await startNeonBridge({ databaseUrl, template })
  neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`
  neonConfig.wsProxy = (host, port) => `${host}:${port}/v2`
  neonConfig.useSecureWebSocket = false
})

afterAll(async () => {
  await bridge.close()
  await closeDatabase()
})

interface Reply {
  readonly status: number
  readonly headers: Headers
  // what the wire holds is what these tests are about
  readonly body: Record<string, unknown>
}

async function post(body: unknown, headers: Record<string, string | undefined> = {}): Promise<Reply> {
  const all = { 'neon-connection-string': bridge.connectionString, ...headers }
  const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const init = { method: 'POST', headers: sent, body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(bridge.fetchEndpoint, init)
  const json = (await response.json()) as Record<string, unknown>
  return { status: response.status, headers: response.headers, body: json }
}

describe('SQL over HTTP', () => {
  it('answers raw text in arrays, as the driver asks for it', async () => {
    const headers = { 'neon-raw-text-output': 'true', 'neon-array-mode': 'true' }
    const { status, body } = await post({ query: 'SELECT $1::int AS n, null AS x', params: ['7'] }, headers)
    expect(status).toBe(200)
    expect(body).toMatchObject({ command: 'SELECT', rowCount: 1, rows: [['7', null]], rowAsArray: true })
    expect(body.fields).toEqual([
      {
        name: 'n',
        dataTypeID: 23,
        tableID: 0,
        columnID: 0,
        dataTypeSize: 4,
        dataTypeModifier: -1,
        format: 'text',
      },
      expect.objectContaining({ name: 'x', dataTypeID: 25 }),
    ])
  })

  it('answers JSON values in objects where raw text is not asked for', async () => {
    const query = `SELECT true AS b, 1::int2 AS i, 9007199254740993::int8 AS big, 1.5::float4 AS f, 'NaN'::float8 AS nan,
      '{"a":[1,1e2]}'::jsonb AS j, '{1,NULL,3}'::int[] AS ints, ARRAY['a b','NULL','q"\\{',NULL] AS texts,
      '[2:3][1:1]={{1},{2}}'::int[] AS nested, '{}'::text[] AS empty, '{(2,2),(1,1);(4,4),(3,3)}'::box[] AS boxes, 'x'::text AS t`
    const { body } = await post({ query })
    expect(body.rows).toEqual([
      {
        b: true,
        i: 1,
        big: '9007199254740993',
        f: 1.5,
        nan: 'NaN',
        j: { a: [1, 100] },
        ints: [1, null, 3],
        texts: ['a b', 'NULL', 'q"\\{', null],
        nested: [[1], [2]],
        empty: [],
        boxes: ['(2,2),(1,1)', '(4,4),(3,3)'],
        t: 'x',
      },
    ])
  })

  it('takes JSON parameters of any type', async () => {
    const query = 'SELECT $1::bool AS b, $2::text[] AS a, $3::jsonb AS j, $4::int AS n'
    const { body } = await post({ query, params: [true, ['x "y"', null, 'NULL'], { k: 1 }, 5] })
    expect(body.rows).toEqual([{ b: true, a: ['x "y"', null, 'NULL'], j: { k: 1 }, n: 5 }])
  })

  it('runs a batch in one transaction with the options of the headers, and repeats them', async () => {
    const queries = [
      { query: `SELECT current_setting('transaction_isolation') AS level`, arrayMode: true },
      { query: `SELECT current_setting('transaction_read_only') AS ro` },
    ]
    const options = { 'neon-batch-isolation-level': 'Serializable', 'neon-batch-read-only': 'true' }
    const { headers, body } = await post({ queries }, options)
    expect(headers.get('neon-batch-isolation-level')).toBe('Serializable')
    expect(headers.get('neon-batch-read-only')).toBe('true')
    expect(body.results).toMatchObject([
      { rows: [['serializable']], rowAsArray: true },
      { rows: [{ ro: 'on' }], rowAsArray: false },
    ])
  })

  it('undoes a batch of which one statement fails, and serves the next request', async () => {
    const sql = neon(bridge.connectionString)
    await sql`CREATE TABLE undone (id int PRIMARY KEY)`
    const batch = sql.transaction([sql`INSERT INTO undone VALUES (1)`, sql`INSERT INTO undone VALUES (1)`])
    await expect(batch).rejects.toMatchObject({
      code: '23505',
      constraint: 'undone_pkey',
      table: 'undone',
      severity: 'ERROR',
    })
    expect(await sql`SELECT * FROM undone`).toEqual([])
  })

  it.each([
    ['no connection string', { 'neon-connection-string': undefined }, {}, /neon-connection-string/],
    ['no password', { 'neon-connection-string': 'postgres://postgres@127.0.0.1/postgres' }, {}, /password/],
    ['a wrong scheme', { 'neon-connection-string': 'mysql://u:p@127.0.0.1/d' }, {}, /scheme/],
    ['another host', { 'neon-connection-string': 'postgres://u:p@db.example.com/d' }, {}, /authentication/],
    ['broken JSON', {}, '{"query":', /could not parse the HTTP request body/],
    ['no query', {}, {}, /could not parse the HTTP request body/],
    ['two statements in one', {}, { query: 'SELECT 1; SELECT 2' }, /multiple commands/],
    ['a wrong isolation level', { 'neon-batch-isolation-level': 'None' }, { queries: [] }, /isolation level/],
    ['COPY', {}, { query: 'COPY pg_class FROM STDIN' }, /COPY/],
  ])('refuses %s with a 400 that says so', async (_, headers, body, message) => {
    const reply = await post(body, headers)
    expect(reply.status).toBe(400)
    expect(reply.body.message).toMatch(message)
    expect((await post({ query: 'SELECT 1' })).status).toBe(200)
  })

  it.each(['content-length: 68157440', 'transfer-encoding: chunked'])(
    'tells a client that sends more than 64 MiB, with %s, before it reads anything',
    async (framing) => {
      const socket = connect(bridge.port, '127.0.0.1')
      const megabyte = Buffer.alloc(1024 * 1024, ' ')
      const chunk = framing.startsWith('content')
        ? megabyte
        : Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')])
      const send = promisify((data: string | Buffer, done: (error?: Error | null) => void) =>
        socket.write(data, done),
      )
      const credentials = `neon-connection-string: ${bridge.connectionString}`
      await send(`POST /sql HTTP/1.1\r\nhost: bridge\r\n${credentials}\r\n${framing}\r\n\r\n`)
      for (let sent = 0; sent < 65; sent++) await send(chunk)
      if (!framing.startsWith('content')) await send('0\r\n\r\n')
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 413 /)
      socket.destroy()
      expect((await post({ query: 'SELECT 1' })).status).toBe(200)
    },
  )

  it('refuses a wrong password and an unknown user alike', async () => {
    const url = new URL(bridge.connectionString)
    url.password = 'wrong'
    const { status, body } = await post({ query: 'SELECT 1' }, { 'neon-connection-string': url.href })
    expect({ status, code: body.code }).toEqual({ status: 400, code: '28P01' })
    url.username = 'nobody'
    expect((await post({ query: 'SELECT 1' }, { 'neon-connection-string': url.href })).body.code).toBe(
      '28P01',
    )
  })

  it('refuses pages of other machines, whose scripts know the password too', async () => {
    expect((await post({ query: 'SELECT 1' }, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post({ query: 'SELECT 1' }, { origin: 'http://localhost:5173' })).status).toBe(200)
  })

  it('leaves nothing of a request behind in the session', async () => {
    const sql = neon(bridge.connectionString)
    const left = [
      sql`SET application_name = 'left'`,
      sql`CREATE TEMPORARY TABLE left_behind (id int)`,
      sql`BEGIN`,
    ]
    for (const query of left) await query
    const name = `SELECT current_setting('application_name') AS name, to_regclass('left_behind') AS temporary`
    const after = await Promise.all(Array.from({ length: 8 }, () => sql.query(name)))
    for (const [row] of after)
      expect(row).toEqual({ name: expect.not.stringMatching('left'), temporary: null })
    await sql`CREATE TABLE committed (id int)`
    const other = new pg.Client(bridge.databaseUrl)
    await other.connect()
    expect((await other.query('SELECT id FROM committed')).rows).toEqual([])
    await other.end()
  })

  it('survives a client that leaves in the middle of a query', async () => {
    const sql = neon(bridge.connectionString)
    const fetchOptions = { signal: AbortSignal.timeout(50) }
    await expect(sql.query('SELECT pg_sleep(0.3)', [], { fetchOptions })).rejects.toThrow(/abort/)
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })

  it('hands each call to the interceptor, which may answer in its place', async () => {
    const seen: unknown[] = []
    const own = await startNeonBridge({
      databaseUrl,
      template,
      intercept: async ({ store, commands, execute }) => {
        seen.push([store, ...commands])
        const answer = await execute()
        return commands[0] === 'SELECT 2' ? { ...answer, status: 503 } : answer
      },
    })
    const sql = neon(own.connectionString)
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    await expect(sql`SELECT 2`).rejects.toThrow('503')
    await own.close()
    expect(seen).toEqual([
      ['postgres', 'SELECT 1 AS one'],
      ['postgres', 'SELECT 2'],
    ])
  })
})

describe('the Postgres protocol', () => {
  it.each(['password', false] as const)('works in a WebSocket with pipelineConnect %s', async (pipeline) => {
    const client = new Client(bridge.connectionString)
    client.neonConfig.pipelineConnect = pipeline
    await client.connect()
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  it('works over TCP on the same port', async () => {
    const client = new pg.Client(bridge.connectionString)
    await client.connect()
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }])
    await client.end()
  })

  it('refuses a wrong password', async () => {
    const url = new URL(bridge.connectionString)
    url.password = 'wrong'
    await expect(new pg.Client(url.href).connect()).rejects.toMatchObject({ code: '28P01' })
  })

  it('keeps apart clients that interleave transactions and prepared statements with HTTP requests', async () => {
    const sql = neon(bridge.connectionString)
    const pool = new Pool({ connectionString: bridge.connectionString, max: 4 })
    await sql`CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL)`
    await sql`INSERT INTO counters VALUES (1, 0)`
    const transaction = async (step: number) => {
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query({
        name: 'add',
        text: `UPDATE counters SET n = n + ${step} WHERE id = $1`,
        values: [1],
      })
      await client.query('COMMIT')
      client.release()
    }
    const one = async (i: number) => expect((await sql`SELECT ${i}::int AS i`)[0]).toEqual({ i })
    await Promise.all(Array.from({ length: 12 }, (_, i) => [transaction(1), one(i)]).flat())
    expect(await sql`SELECT n FROM counters`).toEqual([{ n: 12 }])
    await pool.end()
  })
})

describe('start and stop', () => {
  it('names the port that is taken', async () => {
    await expect(startNeonBridge({ port: bridge.port, template })).rejects.toThrow(`127.0.0.1:${bridge.port}`)
  })

  it('Postgres down: answers 500, and 200 once it is back', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const { port } = blocker.address() as { port: number }
    blocker.close()
    const server = await startNeonBridge({ template })
    const front = await startNeonBridge({
      databaseUrl: `postgres://postgres:linkr@127.0.0.1:${port}/postgres`,
    })
    const sql = neon(front.connectionString)
    await expect(sql`SELECT 1`).rejects.toThrow(/HTTP status 500/)
    const back = await startNeonBridge({ port, template })
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    await back.close()
    await expect(sql`SELECT 1`).rejects.toThrow()
    const again = await startNeonBridge({ port, template })
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
    await Promise.all([front.close(), again.close(), server.close()])
  })
})

describe('embedded PGlite', () => {
  it('does not let a transaction that is never ended hold up the others', async () => {
    const database = await openEmbeddedDatabase({ dataDir: undefined, template, patienceMs: 20 })
    const { openFrontDoor } = await import('../../src/local/neon/front-door.ts')
    const server = createServer((socket) => void openFrontDoor(socket, database)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const url = `postgres://postgres:linkr@127.0.0.1:${port}/postgres`
    const [stalled, other] = [new pg.Client(url), new pg.Client(url)]
    const lost = once(stalled, 'error')
    stalled.on('error', () => undefined)
    await Promise.all([stalled.connect(), other.connect()])
    await stalled.query('BEGIN')
    await stalled.query('CREATE TABLE never (id int)')
    expect((await other.query(`SELECT to_regclass('never') AS t`)).rows).toEqual([{ t: null }])
    expect(String(await lost)).toMatch(/idle-in-transaction|terminated/)
    await other.end()
    server.close()
    await database.close()
  })

  it('keeps its data through a restart and a kill, and refuses a folder in use', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'linkr-pglite-'))
    const script = `import { startNeonBridge } from '${new URL('../../src/local/neon-bridge.ts', import.meta.url)}'
      const bridge = await startNeonBridge({ dataDir: process.argv[1] })
      console.log(bridge.connectionString)
      setInterval(() => {}, 1e6)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir])
    const [printed] = await once(child.stdout, 'data')
    const sql = neon(String(printed).trim())
    await sql`CREATE TABLE kept (id int)`
    await sql`INSERT INTO kept VALUES (1)`
    await expect(startNeonBridge({ dataDir })).rejects.toThrow(`in use by process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    for (const expected of [1, 2]) {
      const next = await startNeonBridge({ dataDir })
      const own = neon(next.connectionString)
      expect(await own`SELECT count(*)::int AS n FROM kept`).toEqual([{ n: expected }])
      await own`INSERT INTO kept VALUES (2)`
      await next.close()
    }
    await rm(dataDir, { recursive: true })
  })
})

import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  demandsOf,
  differences,
  formatEnvFile,
  missingLines,
  parseDevVars,
} from '../../src/local/dev-vars.ts'

const stack = {
  UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:8797',
  UPSTASH_REDIS_REST_TOKEN: 'bridge-token',
  DATABASE_URL: 'postgres://postgres:linkr@127.0.0.1:8798/postgres',
  NEON_FETCH_ENDPOINT: 'http://127.0.0.1:8798/sql',
  ADMIN_TOKEN: 'admin-token-0123456789',
}

/** What a plain `wrangler dev` reads once the stack has completed the file. */
const completed = (text: string) => parseDevVars(`${text}\n${missingLines(parseDevVars(text), stack)}`)

describe('.dev.vars', () => {
  test('where there is none, leads to the stack', () => {
    expect(completed('')).toEqual(stack)
  })

  test('its tokens and ports are what the next start uses', () => {
    expect(demandsOf(completed(''))).toEqual({
      adminToken: 'admin-token-0123456789',
      redisToken: 'bridge-token',
      redisPort: 8797,
      postgresPort: 8798,
    })
  })

  test('needs no line more after it was completed', () => {
    expect(missingLines(completed('DOMAINS=go.example.com'), stack)).toBe('')
    expect(differences(completed(''), stack)).toEqual([])
  })

  test('keeps what a person wrote and gains what is missing', () => {
    const vars = completed('DOMAINS=go.example.com\nADMIN_TOKEN="my own secret token"')
    expect(vars).toEqual({ ...stack, DOMAINS: 'go.example.com', ADMIN_TOKEN: 'my own secret token' })
  })

  test("a real store's settings are neither used nor completed", () => {
    const text =
      'UPSTASH_REDIS_REST_URL=https://eu1-x.upstash.io\nDATABASE_URL=postgres://u:p@ep-x.neon.tech/db'
    const vars = parseDevVars(text)
    expect(demandsOf(vars)).toMatchObject({
      redisToken: undefined,
      redisPort: undefined,
      postgresPort: undefined,
    })
    expect(missingLines(vars, stack)).toBe(`ADMIN_TOKEN='${stack.ADMIN_TOKEN}'\n`)
    expect(differences(vars, stack)).toEqual([
      'UPSTASH_REDIS_REST_URL',
      'UPSTASH_REDIS_REST_TOKEN',
      'NEON_FETCH_ENDPOINT',
      'DATABASE_URL',
    ])
  })

  test('a bridge without its token gets one', () => {
    expect(completed('UPSTASH_REDIS_REST_URL=http://localhost:9000')).toMatchObject({
      UPSTASH_REDIS_REST_URL: 'http://localhost:9000',
      UPSTASH_REDIS_REST_TOKEN: 'bridge-token',
    })
  })

  test('localhost is the same place as 127.0.0.1', () => {
    expect(differences({ ...stack, UPSTASH_REDIS_REST_URL: 'http://localhost:8797/' }, stack)).toEqual([])
  })

  test('an env file keeps quotes, hashes and blanks', () => {
    const settings = { A: 'it\'s "quoted"', B: 'a # b', C: ' blank ' }
    expect(parseEnv(formatEnvFile(settings))).toEqual(settings)
  })
})

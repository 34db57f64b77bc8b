import { expect, test } from 'vitest'
import { adviceFor } from '../../src/operations/advice.ts'

const settings = { domains: new Set<string>(), baseUrl: null, previousAdminToken: null }
const own = { ...settings, domains: new Set(['go.example.com']) }

test('once a domain of its own serves, workers.dev should be switched off', () => {
  const advice = [expect.stringContaining('workers_dev = false')]
  expect(adviceFor('linkr.acme.workers.dev', own)).toEqual(advice)
  expect(adviceFor('linkr.acme.workers.dev', { ...settings, baseUrl: 'https://go.example.com' })).toEqual(
    advice,
  )
  expect(adviceFor('linkr.acme.workers.dev', settings)).toEqual([])
  expect(
    adviceFor('linkr.acme.workers.dev', { ...settings, baseUrl: 'https://linkr.acme.workers.dev' }),
  ).toEqual([])
  expect(adviceFor('go.example.com', own)).toEqual([])
})

test('a previous admin token is not forgotten', () => {
  expect(adviceFor('go.example.com', { ...own, previousAdminToken: 'the-previous-token' })).toEqual([
    expect.stringContaining('ADMIN_TOKEN_PREVIOUS'),
  ])
})

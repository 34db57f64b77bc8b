import { describe, expect } from 'vitest'
import { createContract } from '../support/api-contract.ts'
import { ADMIN_TOKEN } from '../support/edge.ts'
import { test as base } from '../support/linkr.ts'

interface Description {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
}

const test = base
  .override('settings', { DOMAINS: 'go.example.com' })
  .extend('description', { scope: 'file' }, async ({ edge }) => {
    return (await (await edge.get('/api/openapi.json')).json()) as Description
  })
  .extend('contract', { scope: 'file' }, ({ description }) => createContract(description))

const url = 'https://example.com/'

describe('the OpenAPI description', () => {
  test('is public, of version 3.1, and its operations have names of their own', ({ description }) => {
    expect(description.openapi).toBe('3.1.0')
    const names = Object.values(description.paths).flatMap((methods) =>
      Object.values(methods).map((operation) => (operation as { operationId: string }).operationId),
    )
    expect(names.length).toBeGreaterThan(20)
    expect(new Set(names).size).toBe(names.length)
  })

  test('describes every answer of every route', async ({ stores, edge, description, contract }) => {
    const broken: string[] = []
    const called = new Set<string>()
    const call = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const response = await edge.api(method, path, body, headers)
      const problem = await contract(method, path, response)
      if (problem !== null) broken.push(problem)
      called.add(`${method} ${path}`)
      const text = await response.text()
      return { status: response.status, body: /^[{[]/.test(text) ? JSON.parse(text) : null }
    }

    const { body: link } = await call('POST', '/links', {
      url,
      title: 'A title',
      tags: ['a'],
      domain: 'go.example.com',
    })
    await call('POST', '/links', { url, code: 'full', expiresAt: '2999-01-01T00:00:00Z' })
    await call('POST', '/links', { url, code: 'full' })
    await call('POST', '/links', { url: 'x', colour: 1 })
    await call('PUT', '/links', { url, code: 'put' })
    await call('PUT', '/links', { url, code: 'put' })
    await call('PUT', '/links', { url })
    await call('GET', '/links?limit=1&tag=a&tag=b')
    await call('GET', '/links?limit=1')
    await call('GET', '/links?limit=x')
    await call('GET', '/links/lookup?code=put')
    await call('GET', '/links/lookup?code=nope')
    await call('GET', `/links/${link.id}`)
    await call('GET', '/links/0')
    await call('PATCH', `/links/${link.id}`, { enabled: false })
    await call('PATCH', `/links/${link.id}`, { enabled: false }, { 'If-Match': '"0"' })
    await call('PATCH', `/links/${link.id}`, { enabled: 'x' })
    await call('PATCH', '/links/0', {})
    await call('POST', '/links/bulk', { mode: 'upsert', links: [{ url, code: 'put' }, { url }, {}] })
    await call('POST', '/links/bulk', { links: [{ url, code: 'put' }] }, { 'Idempotency-Key': 'a' })
    await call('POST', '/links/bulk', { links: [] }, { 'Idempotency-Key': 'a' })
    const imported = [{ url, code: 'put', hits: 3 }, { url }, {}]
    for (const onConflict of ['skip', 'overwrite', 'restore', 'rename', 'fail']) {
      await call('POST', '/links/import', { onConflict, links: imported, dryRun: true })
      await call('POST', '/links/import', { onConflict, links: imported })
    }
    await call('PATCH', '/links', { filter: { tag: 'a' }, changes: { title: null } })
    await call('PATCH', '/links', {})
    await call('DELETE', '/links', { ids: ['1'], dryRun: true })
    await call('DELETE', '/links', {})
    await call('GET', '/stats?groupBy=country&groupBy=qr&timezone=Asia/Kolkata')
    await call('GET', '/stats?interval=hour', undefined, { Accept: 'text/csv' })
    await call('GET', '/stats?timezone=Mars/Phobos')
    await call('GET', `/links/${link.id}/stats?country=DE`)
    await call('GET', '/links/0/stats')
    await call('GET', '/stats/misses?from=2026-01-01')
    await call('GET', '/stats/misses?from=yesterday')
    await call('GET', '/visits?bot=false')
    await call('GET', '/visits', undefined, { Accept: 'text/csv' })
    await call('GET', '/visits?cursor=x')
    const visits = [{ at: '2024-02-29T12:00:00Z' }]
    const day = { domain: '*', code: 'put', day: '2024-02-29', visits }
    const days = [day, { ...day, code: 'nope' }, {}]
    await call('POST', '/visits/import', { source: 'shlink', days, dryRun: true })
    await call('POST', '/visits/import', { source: 'shlink', days })
    await call('POST', '/visits/import', { source: 'shlink', days })
    await call('POST', '/visits/import', { days })
    await call('DELETE', `/links/${link.id}/stats?before=2026-01-01`)
    await call('DELETE', `/links/${link.id}/stats`)
    await call('DELETE', '/links/0/stats?before=2026-01-01')
    await call('DELETE', `/links/${link.id}`)
    await call('DELETE', `/links/${link.id}`)
    const { body: key } = await call('POST', '/keys', { name: 'a', scopes: ['links:read'], domains: ['*'] })
    await call('POST', '/keys', {})
    await call('GET', '/keys')
    await call('GET', '/keys', undefined, { Authorization: `Bearer ${key.key}` })
    await call('GET', '/keys', undefined, { Authorization: 'Bearer nobody' })
    const { body: rotated } = await call('POST', `/keys/${key.id}/rotate`)
    await call('POST', `/keys/${key.id}/rotate`)
    await call('POST', '/keys/0/rotate', { overlapSeconds: 1 })
    await call('POST', `/keys/${rotated.id}/rotate`, { overlapSeconds: -1 })
    await call('DELETE', `/keys/${key.id}`)
    await call('DELETE', '/keys/x')
    await call('PUT', '/domains/a.example.com', { rootUrl: url })
    await call('PUT', '/domains/a.example.com', { rootUrl: 'x' })
    await call('PUT', '/domains/-', {})
    await call('GET', '/domains')
    await call('GET', '/domains/a.example.com')
    await call('GET', '/domains/b.example.com')
    await call('DELETE', '/domains/a.example.com')
    await call('DELETE', '/domains/a.example.com')
    for (const path of ['/flush', '/reconcile', '/warm']) await call('POST', path)
    await call('POST', '/warm', { count: 0 })
    await call('GET', '/health')
    stores.postgresFaults.inject({ kind: 'status', status: 503 })
    await call('GET', '/links')
    stores.postgresFaults.heal()
    const malformed = await edge.get('/api/links', {
      ...{ method: 'POST', headers: { Authorization: `Bearer ${ADMIN_TOKEN}` }, body: '{' },
    })
    expect(await contract('POST', '/links', malformed)).toBeNull()

    expect(broken).toEqual([])
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => new RegExp(`^${method} ${path.replace(/\{\w+\}/, '[^/]+')}(\\?|$)`, 'i'),
      ),
    )
    const calls = [...called]
    expect(operations.filter((operation) => !calls.some((made) => operation.test(made)))).toEqual([])
  })
})

describe('the reference', () => {
  test('is a public page that may load nothing from other hosts', async ({ edge }) => {
    const response = await edge.get('/api/docs')
    const page = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none';/)
    expect(policy).toContain("connect-src 'self'")
    expect(page).not.toMatch(/https?:\/\//)
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(page.match(/<(?:script|style) nonce="[^"]+"/g)).toEqual([
      `<style nonce="${nonce}"`,
      `<script nonce="${nonce}"`,
    ])
  })
})

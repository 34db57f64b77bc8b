import { Miniflare } from 'miniflare'
import { expect, test } from 'vitest'

/** Keeps each request and answers at once; `/kept` tells what can still be read of those before. */
const WORKER = `
const kept = []
export default {
  fetch(request) {
    if (!request.url.endsWith('/kept')) {
      kept.push(request)
      return new Response(null, { status: 204 })
    }
    return Response.json(kept.map(({ headers, url, cf }) => {
      return { referrer: headers.get('Referer'), dnt: headers.get('DNT'), path: new URL(url).pathname, city: cf?.city }
    }))
  },
}`

test('workerd lets a later request read headers, URL and cf of those that were answered before', async () => {
  const miniflare = new Miniflare({
    logRequests: false,
    workers: [
      {
        config: {
          name: 'kept',
          compatibilityDate: '2026-10-01',
          manifest: { mainModule: 'worker.js', modules: { 'worker.js': { type: 'esm', contents: WORKER } } },
          env: {},
          exports: {},
        },
      },
    ],
  })
  const fetchAt = (path: string) =>
    miniflare.dispatchFetch(`http://go.example.com${path}`, {
      headers: { Referer: `https://example.org${path}`, DNT: '1' },
      cf: { city: `Graz${path}` },
    })
  for (const path of ['/a', '/b']) expect((await fetchAt(path)).status).toBe(204)
  expect(await (await fetchAt('/kept')).json()).toEqual([
    { referrer: 'https://example.org/a', dnt: '1', path: '/a', city: 'Graz/a' },
    { referrer: 'https://example.org/b', dnt: '1', path: '/b', city: 'Graz/b' },
  ])
  await miniflare.dispose()
})

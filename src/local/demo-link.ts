const DEMO = { code: 'demo', url: 'https://example.com/?from=linkr', title: 'Demo' }

/** Makes the demo link through the API, as any client would, unless an earlier run did. Resolves to its short URL. */
export async function createDemoLink(origin: string, adminToken: string): Promise<string> {
  const headers = { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' }
  const found = await dataOf(fetch(`${origin}/api/links?code=${DEMO.code}`, { headers }))
  const isThere = Array.isArray(found.data) && found.data.length > 0
  if (!isThere)
    await dataOf(fetch(`${origin}/api/links`, { method: 'POST', headers, body: JSON.stringify(DEMO) }))
  return `${origin}/${DEMO.code}`
}

async function dataOf(request: Promise<Response>): Promise<{ readonly data?: unknown }> {
  const response = await request
  const text = await response.text()
  if (!response.ok) throw new Error(`Could not make the demo link: ${response.status} ${text}`)
  return JSON.parse(text)
}

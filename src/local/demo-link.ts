const DEMO = { code: 'demo', url: 'https://example.com/?from=linkr', title: 'Demo' }

/** Makes the demo link through the API, as anybody would, unless it is there. Resolves to its short URL. */
export async function createDemoLink(origin: string, adminToken: string): Promise<string> {
  const response = await fetch(`${origin}/api/links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(DEMO),
  })
  // 409: an earlier run made it.
  if (response.status !== 201 && response.status !== 409) {
    throw new Error(`Could not make the demo link: ${response.status} ${await response.text()}`)
  }
  return `${origin}/${DEMO.code}`
}

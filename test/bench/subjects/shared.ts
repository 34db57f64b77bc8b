/** A lower floor: the answer of a redirect, made once and sent every time, as linkr does for links in memory. */
let response: Response | undefined

export default {
  fetch() {
    response ??= new Response(null, {
      status: 302,
      headers: {
        Location: 'https://example.com/a/page?of=some#length',
        'Cache-Control': 'private, no-store',
        'X-Content-Type-Options': 'nosniff',
      },
    })
    return response
  },
} satisfies ExportedHandler

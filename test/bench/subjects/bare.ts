/** The floor: the answer of a redirect and nothing else. */
export default {
  fetch: () =>
    new Response(null, {
      status: 302,
      headers: {
        Location: 'https://example.com/a/page?of=some#length',
        'Cache-Control': 'private, no-store',
        'X-Content-Type-Options': 'nosniff',
      },
    }),
} satisfies ExportedHandler

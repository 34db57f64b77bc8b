/** Fires linkr's cron trigger, which raw workerd has no other handle for. */
interface Bindings {
  readonly LINKR: { scheduled(options: { readonly cron: string }): Promise<{ readonly outcome: string }> }
}

export default {
  async fetch(_request, env) {
    const { outcome } = await env.LINKR.scheduled({ cron: '*/5 * * * *' })
    return new Response(outcome, { status: outcome === 'ok' ? 200 : 500 })
  },
} satisfies ExportedHandler<Bindings>

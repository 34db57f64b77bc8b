import type { VisitRequest } from '../../src/visits/visit-gatherer.ts'

export const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0'

export interface VisitRequestOptions {
  readonly url?: string
  /** Beside those of a person with Firefox in Austria. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cf?: object
}

export function visitRequest({ url, headers, cf }: VisitRequestOptions): VisitRequest {
  const person = { 'CF-IPCountry': 'AT', 'CF-Connecting-IP': '203.0.113.7', 'User-Agent': FIREFOX }
  return {
    url: url ?? 'https://go.example.com/spring',
    headers: new Headers({ ...person, ...headers }),
    ...(cf === undefined ? {} : { cf: cf as IncomingRequestCfProperties }),
  }
}

import { bitly, bitlyLinks } from './bitly.ts'
import { dub } from './dub.ts'
import type { CsvFormat, JsonFormat } from './format.ts'
import { kutt } from './kutt.ts'
import { linkrCsv, linkrJson, linkrRejectsCsv, linkrRejectsJson } from './linkr.ts'
import { shlink, shlinkImporter } from './shlink.ts'
import { sink } from './sink.ts'
import { yourls, yourlsPlugin } from './yourls.ts'

/** In the order they are tried: the header of one may also do for a later one. */
export const CSV_FORMATS: readonly CsvFormat[] = [
  ...[bitly, dub, shlink, shlinkImporter, bitlyLinks],
  ...[yourls, yourlsPlugin, linkrRejectsCsv, linkrCsv],
]
export const JSON_FORMATS: readonly JsonFormat[] = [kutt, sink, linkrRejectsJson, linkrJson]

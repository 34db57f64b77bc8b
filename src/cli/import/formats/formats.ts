import { bitly } from './bitly.ts'
import { dub } from './dub.ts'
import type { CsvFormat, JsonFormat } from './format.ts'
import { kutt } from './kutt.ts'
import { linkrCsv, linkrJson } from './linkr.ts'
import { shlink } from './shlink.ts'
import { sink } from './sink.ts'
import { yourls } from './yourls.ts'

/** In the order they are tried: Shlink's header would also do for others. */
export const CSV_FORMATS: readonly CsvFormat[] = [bitly, dub, shlink, yourls, linkrCsv]
export const JSON_FORMATS: readonly JsonFormat[] = [kutt, sink, linkrJson]

/**
 * @module
 * `node make-template.ts FILE`: an empty, migrated PGlite as a file. Loading it takes a fraction of making one.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'

// See src/local/neon/pglite-worker.ts.
setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647')

const [, , file = ''] = process.argv
const db = await PGlite.create({ extensions: { pg_trgm } })
await migrate(drizzle({ client: db }), { migrationsFolder: join(import.meta.dirname, '../../drizzle') })
const dump = await db.dumpDataDir('none')
writeFileSync(file, Buffer.from(await dump.arrayBuffer()))
await db.close()

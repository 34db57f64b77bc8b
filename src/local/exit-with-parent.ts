/**
 * @module
 * Preloaded into wrangler: ends it when `npm run dev` is gone, however that died. Their one connection is standard
 * input, on which nothing is ever sent and which the system closes with its writer.
 */
process.stdin.on('end', () => process.exit(1)).resume()

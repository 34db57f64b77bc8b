/**
 * First line of a script that touches no key but those in `KEYS`. Upstash then locks those; otherwise it locks the whole
 * database. See https://upstash.com/docs/redis/features/key-locking. Redis does not know the flag: see src/local/upstash.
 */
export const KEY_LOCKING = '#!lua flags=allow-key-locking'

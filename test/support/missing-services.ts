/**
 * With STORES=services the tests need servers, and must not take any that happen to be there. What to tell who has not
 * named them; `null` = all is said.
 */
export function missingServices(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env.STORES !== 'services') return null
  const examples = {
    REDIS_URL: 'redis://127.0.0.1:6379',
    DATABASE_URL: 'postgres://postgres@127.0.0.1:5432/postgres',
  }
  const missing = Object.entries(examples).filter(([name]) => !env[name])
  if (missing.length === 0) return null
  const names = missing.map(([name]) => name).join(' and ')
  const settings = missing.map(([name, example]) => `${name}=${example}`).join(' ')
  return (
    `These tests run over a real Redis and a real Postgres, and ${names} must say where they are, for example:\n` +
    `  ${settings} npm run test:services\n` +
    'They make databases and keys of their own there, and delete them. npm test needs no server.'
  )
}

/**
 * A JSON parameter as the text Postgres parses it from. The driver sends strings only; other clients of Neon's endpoint
 * may send any JSON, of which an array becomes an array literal (`{1,"a b",NULL}`) and an object its JSON.
 */
export function jsonToPostgresText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  return Array.isArray(value) ? arrayLiteral(value) : JSON.stringify(value)
}

function arrayLiteral(values: readonly unknown[]): string {
  return `{${values.map(arrayElement).join(',')}}`
}

function arrayElement(value: unknown): string {
  if (value === null) return 'NULL'
  if (Array.isArray(value)) return arrayLiteral(value)
  const text = typeof value === 'object' ? JSON.stringify(value) : value
  return typeof text === 'string' ? `"${text.replace(/["\\]/g, '\\$&')}"` : String(text)
}

import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import type { Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { linkResponse, problemResponse } from './response-schema.ts'
import { ANY_CALLER } from './validation-context.ts'

type Json = Record<string, unknown>

const INTRODUCTION = `Times are ISO 8601 in UTC, ids are strings. Errors are problem details (RFC 9457) with a stable \`code\`;
\`errors\` names every wrong field. Lists are paged: pass \`nextCursor\` as \`cursor\` until it is null. A page may be short, even
empty, and not be the last. Repeat \`tag\` to ask for links that have all of them. \`sort=hits\` and
\`sort=people\` go by what is in Postgres already, while \`hits\` and \`people\` also show what is on its way. More than 100 links a page need the scope \`admin\`.`

/** The API's description, OpenAPI 3.1, made from the schemas that validate. */
export function describeApi(serverUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const [tag, operations] of Object.entries(OPERATIONS)) {
    for (const operation of Object.values(operations)) {
      const path = operation.path.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [operation.method]: describe(operation, path, tag) }
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'linkr', version: '1', description: INTRODUCTION },
    servers: [{ url: serverUrl }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key or ADMIN_TOKEN.' } },
      schemas: { Link: schemaOf(linkResponse), Problem: schemaOf(problemResponse) },
    },
  }
}

/** Statuses that any request may get. */
const ANY_PROBLEM = [400, 401, 403, 413, 429, 500, 503]

/** To `Accept: text/csv`. */
const CSV = { 'text/csv': { schema: { type: 'string' } } }

function describe(operation: Operation, path: string, tag: string): Json {
  const { method, scope, summary, body, item, isBodyOptional, isCsvToo, responses, problems = [] } = operation
  const content = (type: string, schema: Json): Json => ({ content: { [type]: { schema } } })
  const contentOf = (schema: v.GenericSchema): Json => {
    const json = content('application/json', schemaOf(schema))
    return isCsvToo ? { content: { ...(json.content as Json), ...CSV } } : json
  }
  const problem = {
    description: 'Problem',
    ...content('application/problem+json', { $ref: '#/components/schemas/Problem' }),
  }
  return {
    operationId: `${method}${path.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    description: `Needs the scope \`${scope}\`.`,
    tags: [tag],
    parameters: parametersOf(operation),
    ...(body && {
      requestBody: {
        required: isBodyOptional !== true,
        ...content('application/json', schemaOf(body(ANY_CALLER), item && schemaOf(item(ANY_CALLER)))),
      },
    }),
    responses: Object.fromEntries([
      ...[...problems, ...ANY_PROBLEM].map((status) => [status, problem]),
      ...Object.entries(responses).map(([status, schema]) => [
        status,
        { description: summary, ...(schema === null ? {} : contentOf(schema)) },
      ]),
    ]),
  }
}

function parametersOf({ path, query, isIdempotent, isConditional }: Operation): Json[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  const inQuery = Object.entries(query?.(ANY_CALLER).entries ?? {}).map(([name, schema]) => {
    return { name, in: 'query', required: schema.type !== 'optional', schema: schemaOf(schema) }
  })
  const headers = [isConditional && 'If-Match', isIdempotent && 'Idempotency-Key'].filter(Boolean)
  const inHeader = headers.map((name) => ({ name, in: 'header', schema: { type: 'string' } }))
  return [...inPath, ...inQuery, ...inHeader]
}

/**
 * Checks that JSON Schema cannot express are left out: the description then asks less than the API does.
 * @param item what stands for `unknown`.
 */
function schemaOf(schema: v.GenericSchema, item?: JsonSchema) {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'unknown' ? item : undefined),
  })
  return json
}

import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { neededScope } from '../http/caller.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { linkAnswer, problemAnswer } from './response-schema.ts'

type Json = Record<string, unknown>

const INTRODUCTION = `Times are ISO 8601 in UTC, ids are strings. Errors are problem details (RFC 9457) with a stable \`code\`;
\`errors\` names every wrong field. Lists are paged: pass \`nextCursor\` as \`cursor\` until it is null. A page may be short, even
empty, and not be the last. Repeat \`tag\` to ask for links that have all of them. \`sort=hits\` goes by the hits that are in
Postgres already, while \`hits\` also shows those that are on their way. More than 100 links a page need the scope \`admin\`.`

/** The API's description, OpenAPI 3.1, made from the schemas that validate. */
export function describeApi(serverUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'linkr', version: '1', description: INTRODUCTION },
    servers: [{ url: serverUrl }],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key or ADMIN_TOKEN.' } },
      schemas: { Link: schemaOf(linkAnswer), Problem: schemaOf(problemAnswer) },
    },
  }
}

/** Statuses that any request may get. */
const ANY_PROBLEM = [400, 401, 403, 413, 429, 500, 503]

function describe(operation: Operation): Json {
  const { method, path, summary, tag, body, isBodyOptional = false, answers, problems = [] } = operation
  const content = (type: string, schema: Json): Json => ({ content: { [type]: { schema } } })
  const problem = {
    description: 'Problem',
    ...content('application/problem+json', { $ref: '#/components/schemas/Problem' }),
  }
  const responses = Object.fromEntries([
    ...[...problems, ...ANY_PROBLEM].map((status) => [status, problem]),
    ...Object.entries(answers).map(([status, schema]) => [
      status,
      { description: summary, ...(schema === null ? {} : content('application/json', schemaOf(schema))) },
    ]),
  ])
  return {
    operationId: `${method}${path.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    description: `Needs the scope \`${neededScope(method.toUpperCase(), `/api${path}`)}\`.`,
    tags: [tag],
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !isBodyOptional, ...content('application/json', schemaOf(body)) } }),
    responses,
  }
}

function parametersOf({ path, query, headers = [] }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  const inQuery = Object.entries(query?.entries ?? {}).map(([name, schema]) => {
    return { name, in: 'query', required: schema.type !== 'optional', schema: schemaOf(schema) }
  })
  const inHeader = headers.map((name) => ({ name, in: 'header', schema: { type: 'string' } }))
  return [...inPath, ...inQuery, ...inHeader]
}

/** Checks that JSON Schema cannot express are left out: the description then promises less than the API asks. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, ...json } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' })
  return json
}

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>
}

/** Says what is wrong with an answer, going by the API's own description; `null` = nothing. */
export type Contract = (method: string, path: string, response: Response) => Promise<string | null>

export function createContract(description: object): Contract {
  const { paths } = description as Described
  const ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/ },
  })
  ajv.addSchema(description, 'api')
  const validators = new Map<string, ValidateFunction>()
  const routes = Object.keys(paths)
    // `/links/lookup` before `/links/{id}`.
    .sort((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
    .map((route) => ({ route, pattern: new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`) }))

  return async (method, path, response) => {
    const isCalled = ({ route, pattern }: (typeof routes)[number]): boolean =>
      pattern.test(path.split('?')[0] ?? '') && paths[route]?.[method.toLowerCase()] !== undefined
    const route = routes.find(isCalled)?.route ?? ''
    const answer = paths[route]?.[method.toLowerCase()]?.responses[response.status]
    const name = `${method} ${path.slice(0, 100)} -> ${response.status}`
    if (answer === undefined) return `${name} is not described`
    const text = await response.clone().text()
    if (answer.content === undefined) return text === '' ? null : `${name} should have no body`
    const [type = ''] = response.headers.get('content-type')?.split(';') ?? []
    if (answer.content[type] === undefined) return `${name}: ${type} is not described`
    const segments = [
      'paths',
      route,
      method.toLowerCase(),
      'responses',
      `${response.status}`,
      'content',
      type,
      'schema',
    ]
    const pointer = segments
      .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/')
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` })
    validators.set(pointer, validate)
    return validate(type === 'text/csv' ? text : JSON.parse(text))
      ? null
      : `${name}: ${ajv.errorsText(validate.errors)} in ${text.slice(0, 300)}`
  }
}

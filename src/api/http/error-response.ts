import { LinkrError, SourceUnavailable } from '../../errors.ts'
import { describeError, log } from '../../log.ts'
import { Problem, problemResponse } from './problem.ts'

/** The response to a request whose handling threw. Unknown errors are logged under an id; the client gets that only. */
export function errorResponse(error: Error): Response {
  if (error instanceof Problem) return problemResponse({ ...error, detail: error.message })
  if (error instanceof SourceUnavailable) log.error('api.unavailable', { error: describeError(error) })
  if (error instanceof LinkrError) {
    const { status, code } = error
    return problemResponse({ status, code, detail: 'The service cannot do this right now. Try again.' })
  }
  const errorId = crypto.randomUUID()
  log.error('unexpected_error', { errorId, error: describeError(error) })
  const detail = `Report error ${errorId} if this goes on.`
  return problemResponse({ status: 500, code: 'internal_error', detail })
}

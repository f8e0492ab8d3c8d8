import type { RequestFailure, UpstreamContext } from './upstream-context.ts'

/** True when the answer to the client was an error, or broke after it had begun. */
export function isFailedRequest(context: UpstreamContext, statusCode: number): boolean {
  if (statusCode >= 400 || context.failure !== undefined) return true
  return context.attempts.length > 0 && context.attempts.at(-1)?.kind === 'stream_error'
}

type ClassifiedFailure = Required<Pick<RequestFailure, 'body' | 'requestBody'>> & {
  readonly phase: string
  readonly type: string
  readonly severity: string
  readonly message: string
  readonly statusCode: number
  /** Undefined: the sidecar judges by the status. */
  readonly businessLimited: boolean | undefined
}

/** What the gateway said of the failure, completed with what the status code and the attempts tell. */
export function classifyFailure(context: UpstreamContext, answeredStatusCode: number): ClassifiedFailure {
  const failure = context.failure
  const last = context.attempts.at(-1)
  const statusCode = failure?.statusCode ?? answeredStatusCode
  return {
    phase: failure?.phase ?? phaseOf(statusCode, last !== undefined),
    type: failure?.type ?? typeOf(statusCode, last !== undefined),
    severity: failure?.severity ?? severityOf(statusCode, last !== undefined),
    message: failure?.message ?? last?.message ?? '',
    statusCode,
    businessLimited: failure?.businessLimited,
    body: failure?.body,
    requestBody: failure?.requestBody,
  }
}

function phaseOf(statusCode: number, hasAttempts: boolean): string {
  if (hasAttempts) return 'upstream'
  if (statusCode === 401 || statusCode === 403) return 'auth'
  if (statusCode === 429 || statusCode === 503) return 'routing'
  return statusCode >= 500 ? 'internal' : 'request'
}

function typeOf(statusCode: number, hasAttempts: boolean): string {
  if (statusCode === 401 || statusCode === 403) return 'authentication_error'
  if (statusCode === 429) return 'rate_limit_error'
  if (hasAttempts) return 'upstream_error'
  return statusCode >= 500 ? 'api_error' : 'invalid_request_error'
}

/** P1: the service failed; P2: a client got no answer for a cause outside; P3: the client's own doing. */
function severityOf(statusCode: number, hasAttempts: boolean): string {
  if (hasAttempts) return statusCode >= 500 ? 'P1' : 'P2'
  if (statusCode >= 500) return 'P1'
  return statusCode === 429 ? 'P2' : 'P3'
}

/** What the gateway said itself; '' and undefined where it said nothing. */
export interface GivenClassification {
  readonly phase: string
  readonly type: string
  readonly severity: string
  readonly isBusinessLimited: boolean | undefined
}

export interface Classification {
  readonly phase: string
  readonly type: string
  readonly severity: string
  readonly is_business_limited: boolean
}

/**
 * Fills in what the gateway did not say, from the status that its client got and that of the last upstream answer:
 * - phase: `upstream` when an upstream answered with an error, `auth` for 401 and 403, `request` for other 4xx,
 *   `internal` for the rest
 * - type: the word that LLM clients know for the status
 * - severity: P1 for 5xx and no answer, P2 for 429 and what came from an upstream, P3 for the client's own faults
 * - is_business_limited: 402, or 429 that came from no upstream (the gateway's own limits)
 */
export function classifyRequestError(
  statusCode: number,
  upstreamStatusCode: number | null,
  given: GivenClassification,
): Classification {
  const fromUpstream = upstreamStatusCode !== null
  return {
    phase: given.phase || phaseOf(statusCode, fromUpstream),
    type: given.type || typeOf(statusCode, fromUpstream),
    severity: given.severity || severityOf(statusCode, fromUpstream),
    is_business_limited:
      given.isBusinessLimited ?? (statusCode === 402 || (statusCode === 429 && !fromUpstream)),
  }
}

function phaseOf(statusCode: number, fromUpstream: boolean): string {
  if (fromUpstream) return 'upstream'
  if (statusCode === 401 || statusCode === 403) return 'auth'
  return statusCode >= 400 && statusCode < 500 ? 'request' : 'internal'
}

function typeOf(statusCode: number, fromUpstream: boolean): string {
  if (statusCode === 401) return 'authentication_error'
  if (statusCode === 403) return 'permission_error'
  if (statusCode === 429) return 'rate_limit_error'
  if (fromUpstream) return 'upstream_error'
  return statusCode >= 400 && statusCode < 500 ? 'invalid_request_error' : 'api_error'
}

function severityOf(statusCode: number, fromUpstream: boolean): string {
  if (statusCode === 0 || statusCode >= 500) return 'P1'
  return statusCode === 429 || fromUpstream ? 'P2' : 'P3'
}

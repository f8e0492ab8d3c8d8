import type { Attributes } from '@opentelemetry/api'
import { boundedBody } from './body-text.ts'
import { errorMessageIn } from './error-message.ts'
import { addHeaders } from './header-attributes.ts'
import type { RecordingSettings } from './recording-settings.ts'
import { requestAttributes, seconds, textOf, wholeMs } from './request-attributes.ts'
import { classifyFailure } from './request-failure.ts'
import type { UpstreamContext } from './upstream-context.ts'
import { addRequestBody } from './upstream-error-attributes.ts'

/** The attributes of one `ops.request_error`: the fields of the seed's OpsErrorLog and OpsErrorLogDetail. */
export function requestErrorAttributes(
  context: UpstreamContext,
  statusCode: number,
  endedAt: number,
  settings: RecordingSettings,
): Attributes {
  const failure = classifyFailure(context, statusCode)
  const last = context.attempts.at(-1)
  const answer = failure.body ?? (settings.responseBodies ? context.errorAnswer : undefined)
  const answerText = boundedBody(answer, settings)?.text
  const message = settings.redaction.text(failure.message) || errorMessageIn(answerText)
  const attributes: Attributes = {
    ...requestAttributes(context, {}, settings),
    'http.response.status_code': failure.statusCode,
    'ops.error.phase': failure.phase,
    'ops.error.type': failure.type,
    'ops.error.severity': failure.severity,
    'ops.error.business_limited': failure.businessLimited,
    'ops.error.message': textOf(message),
    'ops.error.body': textOf(answerText),
    'ops.error.upstream.status_code': last?.statusCode,
    'ops.error.upstream.message': textOf(last?.message),
    'ops.error.upstream.detail': textOf(last?.detail),
    'ops.request.latency_ms': wholeMs(endedAt - context.startedAt),
    'ops.latency.auth_ms': wholeMs(context.authLatencyMs),
    'ops.latency.routing_ms': wholeMs(context.routingLatencyMs),
    'ops.latency.upstream_ms': wholeMs(context.upstreamLatencyMs),
    'ops.latency.response_ms': wholeMs(context.responseLatencyMs),
    'gen_ai.response.time_to_first_chunk': seconds(context.timeToFirstTokenMs),
  }
  addHeaders(attributes, 'request', context.requestHeaders, settings)
  const requestBody = failure.requestBody ?? context.parsedRequest?.body
  if (settings.requestBodies) addRequestBody(attributes, requestBody, settings)
  return attributes
}

import type { Attributes } from '@opentelemetry/api'
import { boundedBody } from './body-text.ts'
import type { AttemptFacts } from './failed-attempt.ts'
import { addHeaders } from './header-attributes.ts'
import type { HeadersLike } from './headers-like.ts'
import type { RecordingSettings } from './recording-settings.ts'
import { requestAttributes, seconds, textOf, wholeMs } from './request-attributes.ts'

/** The attributes of one `ops.upstream_error`, in the event contract's names, but for the body of the answer. */
export function attemptAttributes(facts: AttemptFacts, settings: RecordingSettings): Attributes {
  const { error, details, context, startedAt } = facts
  const url = urlOf(facts)
  const attributes: Attributes = {
    ...requestAttributes(context, details, settings),
    'ops.upstream.error.kind': facts.kind,
    'ops.upstream.stream_phase': facts.midStream ? 'mid_stream' : undefined,
    'ops.upstream.model': textOf(details.upstreamModel ?? context?.upstreamModel),
    'ops.upstream.request.id': textOf(facts.upstreamRequestId),
    'ops.upstream.error.code': textOf(details.errorCode ?? error.errorCode),
    'ops.upstream.retry_after_ms': wholeMs(details.retryAfterMs),
    'ops.latency.upstream_ms': wholeMs(
      details.latencyMs ?? (startedAt === undefined ? undefined : facts.at - startedAt),
    ),
    'gen_ai.response.time_to_first_chunk': seconds(details.timeToFirstTokenMs),
    'error.type': textOf(details.errorType ?? error.errorType),
    'exception.message': textOf(facts.message),
    'http.response.status_code': facts.statusCode,
    'http.request.resend_count': facts.attempt,
    'server.address': textOf(url?.hostname),
    'server.port': url?.port ? Number(url.port) : undefined,
    'url.full': url === undefined ? undefined : settings.redaction.url(url),
    // Set when the body of the answer is at hand.
    'http.response.body.content': undefined,
    'http.response.body.size': undefined,
  }
  addHeaders(attributes, 'response', facts.responseHeaders, settings)
  addHeaders(attributes, 'request', details.requestHeaders as HeadersLike | undefined, settings)
  if (settings.requestBodies) addRequestBody(attributes, details.requestBody, settings)
  return attributes
}

/** Completes `attemptAttributes` with the body of the answer. */
export function addResponseBody(attributes: Attributes, text: string, sizeBytes: number): void {
  attributes['http.response.body.content'] = text
  attributes['http.response.body.size'] = sizeBytes
}

/** What a tracing backend expects on the CLIENT span itself. */
export function attemptSpanAttributes({ details, context, statusCode, attempt }: AttemptFacts): Attributes {
  return {
    'http.request.method': details.method,
    'http.request.resend_count': attempt,
    'http.response.status_code': statusCode > 0 ? statusCode : undefined,
    'gen_ai.provider.name': textOf(details.platform ?? context?.platform),
  }
}

/** Adds a request body; only for gateways that asked for it. */
export function addRequestBody(attributes: Attributes, body: unknown, settings: RecordingSettings): void {
  const bounded = boundedBody(body, settings)
  if (bounded === undefined) return
  attributes['http.request.body.content'] = bounded.text
  attributes['http.request.body.size'] = bounded.sizeBytes
  attributes['ops.request.body_truncated'] = bounded.truncated
}

function urlOf({ details, error }: AttemptFacts): URL | undefined {
  const url = details.url ?? error.url
  return url instanceof URL || url === undefined ? url : (URL.parse(url) ?? undefined)
}

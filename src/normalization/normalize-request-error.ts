import { attributeBoolean, attributeText } from '../event/attribute.ts'
import type { RequestErrorEvent } from '../event/request-error-event.ts'
import { type SelectedEvent, spanKindServer } from '../event/selected-event.ts'
import { byteLengthOf, type Text } from '../event/utf8-text.ts'
import { createAttributeReader } from './attribute-lookup.ts'
import { classifyRequestError } from './classify-request-error.ts'
import { originAttributes, originOf } from './event-origin.ts'
import { withJsonHeaders } from './headers.ts'

const readAttributes = createAttributeReader([
  ...originAttributes,
  'http.response.status_code',
  'http.status_code',
  'http.request.headers',
  'http.request.body.content',
  'http.request.body.size',
  'url.path',
  'http.target',
  'gen_ai.provider.name',
  'gen_ai.system',
  'gen_ai.request.model',
  'gen_ai.request.stream',
  'gen_ai.response.time_to_first_chunk',
  'error.type',
  'error.message',
  'exception.message',
  'ops.error.phase',
  'ops.error.type',
  'ops.error.severity',
  'ops.error.business_limited',
  'ops.error.body',
  'ops.error.message',
  'ops.error.upstream.status_code',
  'ops.error.upstream.message',
  'ops.error.upstream.detail',
  'ops.latency.auth_ms',
  'ops.latency.routing_ms',
  'ops.latency.upstream_ms',
  'ops.latency.response_ms',
  'ops.latency.time_to_first_token_ms',
  'ops.request.path',
  'ops.request.latency_ms',
  'ops.request.body_truncated',
  'ops.account.id',
  'ops.group.id',
  'ops.api_key.id',
  'user.id',
  'enduser.id',
  'client.address',
  'user_agent.original',
])
type Lookup = ReturnType<typeof readAttributes>

/** An `ops.request_error` event as the row of `ops_error_logs`. */
export function toRequestErrorEvent(
  event: SelectedEvent,
  createdAtMs: number,
  nowMs: number,
): RequestErrorEvent {
  const lookup = readAttributes(event)
  const { text, string, number } = lookup
  const statusCode = number('http.response.status_code', 'http.status_code') ?? 0
  const upstreamStatusCode = number('ops.error.upstream.status_code') ?? null
  const errorBody = text('ops.error.body')
  const requestBody = text('http.request.body.content')
  const requestHeaders = withJsonHeaders(lookup.requestHeaders, string('http.request.headers'))
  const given = {
    phase: string('ops.error.phase'),
    type: string('ops.error.type', 'error.type'),
    severity: string('ops.error.severity'),
    isBusinessLimited: attributeBoolean(lookup.value('ops.error.business_limited')),
  }
  const classified = classifyRequestError(statusCode, upstreamStatusCode, given)
  const urlPath = text('url.path', 'http.target')

  const origin = originOf(event, lookup, createdAtMs, nowMs)
  // Name by name: behind a spread each property makes the object grow.
  return {
    event_id: origin.event_id,
    created_at: origin.created_at,
    ingested_at: origin.ingested_at,
    request_id: origin.request_id,
    client_request_id: origin.client_request_id,
    trace_id: origin.trace_id,
    span_id: origin.span_id,
    service_name: origin.service_name,
    service_namespace: origin.service_namespace,
    service_instance_id: origin.service_instance_id,
    environment: origin.environment,
    phase: classified.phase,
    type: classified.type,
    severity: classified.severity,
    is_business_limited: classified.is_business_limited,
    status_code: statusCode,
    platform: string('gen_ai.provider.name', 'gen_ai.system').toLowerCase(),
    model: text('gen_ai.request.model'),
    stream: attributeBoolean(lookup.value('gen_ai.request.stream')) ?? false,
    latency_ms: milliseconds(number('ops.request.latency_ms')) ?? serverDurationMs(event),
    user_id: text('user.id', 'enduser.id'),
    api_key_id: text('ops.api_key.id'),
    account_id: text('ops.account.id'),
    group_id: text('ops.group.id'),
    client_ip: text('client.address'),
    request_path: text('ops.request.path') || urlPath,
    user_agent: text('user_agent.original'),
    message:
      text('ops.error.message', 'exception.message', 'error.message') || (event.span?.statusMessage ?? ''),
    error_body: errorBody,
    error_body_bytes: byteLengthOf(errorBody),
    upstream_status_code: upstreamStatusCode,
    upstream_error_message: text('ops.error.upstream.message'),
    upstream_error_detail: text('ops.error.upstream.detail'),
    auth_latency_ms: milliseconds(number('ops.latency.auth_ms')),
    routing_latency_ms: milliseconds(number('ops.latency.routing_ms')),
    upstream_latency_ms: milliseconds(number('ops.latency.upstream_ms')),
    response_latency_ms: milliseconds(number('ops.latency.response_ms')),
    time_to_first_token_ms: timeToFirstTokenMs(lookup),
    request_body: requestBody,
    request_body_truncated: attributeBoolean(lookup.value('ops.request.body_truncated')) ?? false,
    request_body_bytes:
      number('http.request.body.size') ?? (requestBody === '' ? null : byteLengthOf(requestBody)),
    request_headers: requestHeaders,
    attributes: leftover(event, lookup),
  }
}

function milliseconds(value: number | undefined): number | null {
  return value === undefined ? null : Math.max(0, Math.round(value))
}

function serverDurationMs({ span }: SelectedEvent): number | null {
  if (span?.kind !== spanKindServer || span.endTimeUnixNano <= span.startTimeUnixNano) return null
  return Number((span.endTimeUnixNano - span.startTimeUnixNano) / 1_000_000n)
}

function timeToFirstTokenMs(lookup: Lookup): number | null {
  const seconds = lookup.number('gen_ai.response.time_to_first_chunk')
  return milliseconds(
    lookup.number('ops.latency.time_to_first_token_ms') ??
      (seconds === undefined ? undefined : seconds * 1000),
  )
}

function leftover({ body }: SelectedEvent, { rest }: Lookup): ReadonlyMap<string, Text> {
  if (body === undefined || body === null) return rest
  return new Map(rest).set('log.body', attributeText(body))
}

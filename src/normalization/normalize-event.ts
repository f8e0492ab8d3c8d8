import { attributeBoolean, attributeOf, attributeString } from '../event/attribute.ts'
import { namedTexts } from '../event/named-texts.ts'
import type { RequestErrorEvent } from '../event/request-error-event.ts'
import {
  requestErrorName,
  type SelectedEvent,
  type SpanOfEvent,
  spanKindServer,
} from '../event/selected-event.ts'
import { createTextCache } from '../event/text-cache.ts'
import { type ErrorKind, errorKinds, type UpstreamErrorEvent } from '../event/upstream-error-event.ts'
import { byteLengthOf, stringOf, type Text } from '../event/utf8-text.ts'
import { createAttributeReader } from './attribute-lookup.ts'
import { originAttributes, originOf } from './event-origin.ts'
import { fingerprint } from './fingerprint.ts'
import { headerStrings, withJsonHeaders } from './headers.ts'
import { toRequestErrorEvent } from './normalize-request-error.ts'
import { parseProviderError } from './providers/parse-provider-error.ts'
import { platformFromHost } from './providers/platform-from-host.ts'
import { maxRetryAfterMs } from './retry-after.ts'
import { splitUrl } from './split-url.ts'

export type RejectReason = 'no_timestamp' | 'too_old' | 'in_future'

export type Normalized =
  | { readonly status: 'upstream_error'; readonly event: UpstreamErrorEvent }
  | { readonly status: 'request_error'; readonly event: RequestErrorEvent }
  | { readonly status: 'rejected'; readonly reason: RejectReason }

export interface NormalizationLimits {
  /** Older events would be deleted as soon as they are stored. */
  readonly maxAgeMs: number
}

const spanKindClient = 3
/** A sender's clock may be ahead; what is further in the future is a broken timestamp, and a partition of its own. */
const maxAheadMs = 86_400_000

const readAttributes = createAttributeReader([
  ...originAttributes,
  'url.full',
  'http.url',
  'url.path',
  'http.target',
  'server.address',
  'net.peer.name',
  'gen_ai.provider.name',
  'gen_ai.system',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.operation.name',
  'gen_ai.request.stream',
  'gen_ai.response.time_to_first_chunk',
  'http.response.status_code',
  'http.status_code',
  'http.request.resend_count',
  'http.request.headers',
  'http.response.headers',
  'http.request.body.content',
  'http.request.body.size',
  'http.response.body.content',
  'http.response.body.size',
  'error.type',
  'error.message',
  'exception.type',
  'exception.message',
  'ops.upstream.model',
  'ops.upstream.error.kind',
  'ops.upstream.error.code',
  'ops.upstream.retry_after_ms',
  'ops.upstream.request.id',
  'ops.latency.upstream_ms',
  'ops.latency.time_to_first_token_ms',
  'ops.account.id',
  'ops.account.name',
  'ops.group.id',
  'ops.api_key.id',
  'ops.request.path',
  'user.id',
  'enduser.id',
  'client.address',
  'user_agent.original',
])
type Lookup = ReturnType<typeof readAttributes>

/** Makes the hop that turns a selected event into a row, by the event contract ("Fields"). */
export function createNormalizer(
  limits: NormalizationLimits,
): (event: SelectedEvent, nowMs: number) => Normalized {
  return (event, nowMs) => {
    const createdAtMs = Number(event.timeUnixNano / 1_000_000n)
    if (event.timeUnixNano === 0n) return { status: 'rejected', reason: 'no_timestamp' }
    if (createdAtMs < nowMs - limits.maxAgeMs) return { status: 'rejected', reason: 'too_old' }
    if (createdAtMs > nowMs + maxAheadMs) return { status: 'rejected', reason: 'in_future' }
    if (event.name === requestErrorName) {
      return { status: 'request_error', event: toRequestErrorEvent(event, createdAtMs, nowMs) }
    }
    return { status: 'upstream_error', event: toUpstreamErrorEvent(event, createdAtMs, nowMs) }
  }
}

function toUpstreamErrorEvent(event: SelectedEvent, createdAtMs: number, nowMs: number): UpstreamErrorEvent {
  const lookup = readAttributes(event)
  const { text, string, number } = lookup
  const clientSpan = event.span?.kind === spanKindClient ? event.span : undefined
  const serverSpan = event.span?.kind === spanKindServer ? event.span : undefined

  const url = splitUrl(urlString(text('url.full', 'http.url')))
  const urlPath = text('url.path', 'http.target')
  const host = text('server.address', 'net.peer.name') || url.host
  const platform =
    string('gen_ai.provider.name', 'gen_ai.system').toLowerCase() || platformFromHost(stringOf(host))
  const statusCode = number('http.response.status_code', 'http.status_code') ?? 0
  const requestHeaders = withJsonHeaders(lookup.requestHeaders, string('http.request.headers'))
  const responseHeaders = withJsonHeaders(lookup.responseHeaders, string('http.response.headers'))
  const responseBody = text('http.response.body.content')
  const requestBody = text('http.request.body.content')
  const kind = errorKind(event, lookup, statusCode)
  const parsed = parseProviderError({
    platform,
    statusCode,
    headers: headerStrings(responseHeaders),
    body: stringOf(responseBody),
    errorType: errorType(lookup),
    errorCode: string('ops.upstream.error.code'),
    message: string('exception.message', 'error.message') || (event.span?.statusMessage ?? ''),
    kind: kind.given ? kind.value : '',
    nowMs: createdAtMs,
  })

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
    platform,
    model: text('gen_ai.request.model'),
    upstream_model: text('ops.upstream.model', 'gen_ai.response.model'),
    operation: text('gen_ai.operation.name'),
    stream: attributeBoolean(lookup.value('gen_ai.request.stream')) ?? false,
    kind: kind.value,
    category: parsed.category,
    status_code: statusCode,
    error_type: parsed.type,
    error_code: parsed.code,
    error_message: parsed.message,
    fingerprint: fingerprint({
      platform,
      category: parsed.category,
      statusCode,
      errorType: parsed.type,
      errorCode: parsed.code,
      message: parsed.message,
    }),
    retryable: parsed.retryable,
    retry_after_ms: givenRetryAfterMs(lookup) ?? parsed.retryAfterMs,
    upstream_request_id: text('ops.upstream.request.id') || parsed.upstreamRequestId,
    upstream_host: host,
    upstream_path: url.path || (serverSpan ? '' : urlPath),
    attempt: number('http.request.resend_count') ?? 0,
    account_id: text('ops.account.id'),
    account_name: text('ops.account.name'),
    group_id: text('ops.group.id'),
    user_id: text('user.id', 'enduser.id'),
    api_key_id: text('ops.api_key.id'),
    client_ip: text('client.address'),
    request_path: text('ops.request.path') || (serverSpan ? urlPath : ''),
    user_agent: text('user_agent.original'),
    latency_ms: Math.round(number('ops.latency.upstream_ms') ?? durationMs(clientSpan)),
    time_to_first_token_ms: Math.round(timeToFirstTokenMs(lookup)),
    request_headers: requestHeaders,
    response_headers: responseHeaders,
    request_body: requestBody,
    request_body_bytes: number('http.request.body.size') ?? byteLengthOf(requestBody),
    response_body: responseBody,
    response_body_bytes: number('http.response.body.size') ?? byteLengthOf(responseBody),
    attributes: leftover(lookup, event),
  }
}

// URLs are longer than what `stringOf` keeps, and the same few come again and again.
const urlStrings = createTextCache(512, 128)

function urlString(url: Text): string {
  return typeof url === 'string' ? url : urlStrings(url.source, url.start, url.end)
}

function errorKind(
  event: SelectedEvent,
  lookup: Lookup,
  statusCode: number,
): { value: ErrorKind; given: boolean } {
  const given = lookup.string('ops.upstream.error.kind')
  const known = errorKinds.find((kind) => kind === given)
  if (known !== undefined) return { value: known, given: true }
  if (takeStreamPhase(event, lookup) === 'mid_stream') return { value: 'stream_error', given: true }
  return { value: statusCode === 0 ? 'request_error' : 'http_error', given: false }
}

const streamPhase = 'ops.upstream.stream_phase'

/** It stays among the other attributes unless the kind follows from it. */
function takeStreamPhase({ attributes, span, resource }: SelectedEvent, lookup: Lookup): string {
  if (!lookup.rest.has(streamPhase)) return ''
  const rest = new Map(lookup.rest)
  rest.delete(streamPhase)
  lookup.rest = namedTexts(rest)
  return (
    attributeString(attributeOf(attributes, streamPhase)) ||
    attributeString(span && attributeOf(span.attributes, streamPhase)) ||
    attributeString(attributeOf(resource, streamPhase))
  )
}

/** What the gateway says to wait; nonsense counts as not said. */
function givenRetryAfterMs(lookup: Lookup): number | undefined {
  const ms = lookup.number('ops.upstream.retry_after_ms')
  return ms !== undefined && ms > 0 && ms <= maxRetryAfterMs ? ms : undefined
}

/** `error.type` of an HTTP span is often only the status code again (semantic conventions for HTTP). */
function errorType(lookup: Lookup): string {
  const type = lookup.string('error.type')
  const exceptionType = lookup.string('exception.type')
  return /^\d{3}$/.test(type) || type === '' ? exceptionType : type
}

function durationMs(span: SpanOfEvent | undefined): number {
  if (span === undefined || span.endTimeUnixNano <= span.startTimeUnixNano) return 0
  return Number((span.endTimeUnixNano - span.startTimeUnixNano) / 1_000_000n)
}

function timeToFirstTokenMs(lookup: Lookup): number {
  const seconds = lookup.number('gen_ai.response.time_to_first_chunk')
  return lookup.number('ops.latency.time_to_first_token_ms') ?? (seconds ?? 0) * 1000
}

function leftover({ rest }: Lookup, { droppedAttributesCount }: SelectedEvent): ReadonlyMap<string, Text> {
  if (droppedAttributesCount === 0) return rest
  return new Map(rest).set('otel.dropped_attributes_count', String(droppedAttributesCount))
}

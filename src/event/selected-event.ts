import type { Attributes, AttributeValue } from './attribute.ts'

/** A signal's place in this list stands in the journal: new ones come last. */
export const signals = ['traces', 'logs'] as const
export type Signal = (typeof signals)[number]

/** The encodings of OTLP/HTTP: binary protobuf and JSON protobuf. */
export type Encoding = 'protobuf' | 'json'

/** Event names of the contract. */
export const upstreamErrorName = 'ops.upstream_error'
export const requestErrorName = 'ops.request_error'
/** Event names that other instrumentations use for the same thing; selected only with a fitting attribute. */
export const exceptionName = 'exception'
export const genAiExceptionName = 'gen_ai.client.operation.exception'

/** Stands among the attributes of a request error that no gateway emitted, with what it was derived from. */
export const derivedAttribute = 'ops.request.derived'

/** SpanKind of trace.proto. */
export const spanKindServer = 2

/** What the enclosing span says. Times are Unix ns, 0n = absent. */
export interface SpanOfEvent {
  readonly name: string
  /** SpanKind of trace.proto: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly parentSpanId: string
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number
  readonly statusMessage: string
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  readonly droppedEventsCount: number
}

export interface ScopeOfEvent {
  readonly name: string
  readonly version: string
  readonly attributes: Attributes
}

/**
 * A span event or log record that was selected from an export, with everything its row is made from. Its texts stand in
 * the export's buffer, so that its row has to be encoded before that is given back.
 */
export interface SelectedEvent {
  readonly signal: Signal
  readonly name: string
  /** Unix ns. For a log record `time_unix_nano`, else `observed_time_unix_nano`; 0n = absent. */
  readonly timeUnixNano: bigint
  /** Lowercase hex, 32 and 16 characters, or '' when absent. */
  readonly traceId: string
  readonly spanId: string
  /** Counts, from 0, events of the same name and time before this one in the same span (logs: in the same export). */
  readonly ordinal: number
  /** Index of the span or log record within the export; `partial_success` counts these. */
  readonly itemIndex: number
  readonly attributes: Attributes
  readonly droppedAttributesCount: number
  /** Undefined for a log record. */
  readonly span: SpanOfEvent | undefined
  /** A log record's body; undefined for a span event. */
  readonly body: AttributeValue | undefined
  readonly scope: ScopeOfEvent
  readonly resource: Attributes
}

/** Takes the selected events of an export one by one, in its order. */
export type TakeEvent = (event: SelectedEvent) => void

/** What one OTLP export request held. */
export interface ExportCounts {
  /** Spans or log records received. */
  readonly itemCount: number
  /** Span events or log records received, those selected included. */
  readonly eventCount: number
}

/** Bytes that are not the OTLP message that they claim to be. Answered with 400; never retried. */
export class MalformedOtlpError extends Error {
  readonly code = 'malformed_otlp'
  override readonly name = 'MalformedOtlpError'
}

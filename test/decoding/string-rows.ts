import type { DecodingSettings } from '../../src/decoding/decode-export.ts'
import type { Headers, HeadersColumn } from '../../src/event/headers.ts'
import type { RequestErrorEvent } from '../../src/event/request-error-event.ts'
import type { Encoding, SelectedEvent, Signal } from '../../src/event/selected-event.ts'
import {
  createRowEncoder,
  requestErrorColumns,
  requestErrorTable,
  upstreamErrorColumns,
  upstreamErrorTable,
} from '../../src/event/tables.ts'
import type { UpstreamErrorEvent } from '../../src/event/upstream-error-event.ts'
import { createNormalizer } from '../../src/normalization/normalize-event.ts'
import { createEventRedaction } from '../../src/redaction/redact-event.ts'
import { createRequestErrorRedaction } from '../../src/redaction/redact-request-error.ts'
import { createConfiguredRedactor } from '../../src/redaction/redaction-settings.ts'
import type { PlainEvent } from '../selection/create-selector.ts'
import { referenceFromJson, referenceFromProtobuf } from '../selection/reference-selection.ts'
import { attributesOf } from '../support/attributes.ts'

/** Of createDecodeExport. */
const limits = { maxTextBytes: 8192, maxAttributes: 128, maxHeaderBytes: 16_384 }

/**
 * The rows of an export without anything that stands in a buffer: a full decode by protobufjs or JSON.parse, strings
 * from there on, and headers as JSON text before they are redacted.
 */
export function rowsFromStrings(
  settings: DecodingSettings,
): (signal: Signal, encoding: Encoding, body: Uint8Array, nowMs: number) => Buffer[] {
  const normalize = createNormalizer(settings)
  const redactor = createConfiguredRedactor(settings.redaction)
  const ofBodies = { ...limits, maxBodyBytes: settings.bodyMaxBytes }
  const redactUpstreamError = createEventRedaction(redactor, ofBodies)
  const redactRequestError = createRequestErrorRedaction(redactor, ofBodies)
  const encodeUpstreamError = createRowEncoder<UpstreamErrorEvent>(upstreamErrorTable, upstreamErrorColumns)
  const encodeRequestError = createRowEncoder<RequestErrorEvent>(requestErrorTable, requestErrorColumns)

  return (signal, encoding, body, nowMs) => {
    const reference = encoding === 'json' ? referenceFromJson : referenceFromProtobuf
    return reference(signal, body, settings.exceptionEvents)
      .selected.flatMap((selected) => {
        const normalized = normalize(ofStrings(selected), nowMs)
        if (normalized.status === 'rejected') return []
        const request_headers = jsonText(normalized.event.request_headers)
        if (normalized.status === 'request_error')
          return [encodeRequestError(redactRequestError({ ...normalized.event, request_headers }), signal)]
        const response_headers = jsonText(normalized.event.response_headers)
        const event = { ...normalized.event, request_headers, response_headers }
        return [encodeUpstreamError(redactUpstreamError(event), signal)]
      })
      .map((row) => Buffer.from(row.bytes))
  }
}

function ofStrings(event: PlainEvent): SelectedEvent {
  return {
    ...event,
    attributes: attributesOf(event.attributes),
    span: event.span && { ...event.span, attributes: attributesOf(event.span.attributes) },
    scope: { ...event.scope, attributes: attributesOf(event.scope.attributes) },
    resource: attributesOf(event.resource),
  }
}

function jsonText(headers: HeadersColumn): string {
  const members = [...(headers as Headers)].map((member) =>
    member.map((text) => JSON.stringify(text)).join(':'),
  )
  return members.length === 0 ? '' : `{${members.join()}}`
}

import type { UpstreamErrorEvent } from '../event/upstream-error-event.ts'
import type { Redactor } from './create-redactor.ts'
import { limitHeaders } from './headers.ts'
import { remember } from './remember.ts'
import { cutText, dropCutToken, redactWithin } from './truncate.ts'

export interface RedactionLimits {
  /** Of a request or response body. */
  readonly maxBodyBytes: number
  /** Of any other column and of an attribute's value. */
  readonly maxTextBytes: number
  readonly maxAttributes: number
  /** Of all request or all response headers. */
  readonly maxHeaderBytes: number
}

type TextColumn = {
  [Name in keyof UpstreamErrorEvent]: UpstreamErrorEvent[Name] extends string ? Name : never
}[keyof UpstreamErrorEvent]

type Treatment = 'identifier' | 'text' | 'url' | 'headers' | 'hex' | 'closed'

/** How each text column is redacted; bodies and attributes have their own ways. */
const treatments: Record<Exclude<TextColumn, 'request_body' | 'response_body'>, Treatment> = {
  event_id: 'closed',
  request_id: 'identifier',
  client_request_id: 'identifier',
  trace_id: 'hex',
  span_id: 'hex',
  service_name: 'identifier',
  service_namespace: 'identifier',
  service_instance_id: 'identifier',
  environment: 'identifier',
  platform: 'identifier',
  model: 'identifier',
  upstream_model: 'identifier',
  operation: 'identifier',
  kind: 'closed',
  category: 'closed',
  error_type: 'identifier',
  error_code: 'identifier',
  error_message: 'text',
  upstream_request_id: 'identifier',
  upstream_host: 'url',
  upstream_path: 'url',
  account_id: 'identifier',
  account_name: 'identifier',
  group_id: 'identifier',
  user_id: 'identifier',
  api_key_id: 'identifier',
  client_ip: 'identifier',
  request_path: 'url',
  user_agent: 'text',
  request_headers: 'headers',
  response_headers: 'headers',
}

const droppedAttributes = 'ops.dropped_attributes'
const hexId = /^[0-9a-f]{0,32}$/

/**
 * Makes the hop that takes the secrets out of an event and brings its texts within limits, in this order. An event
 * without secrets and within the limits is returned as it is.
 */
export function createEventRedaction(
  redactor: Redactor,
  limits: RedactionLimits,
): (event: UpstreamErrorEvent) => UpstreamErrorEvent {
  const columns = createColumnRedactions(redactor, limits)
  // The same keys come again and again; the answer is the same.
  const redactKey = remember((key) => cutText(redactor.text(key), limits.maxTextBytes))

  return (event) => {
    let redacted: UpstreamErrorEvent | undefined
    for (const { column, redact } of columns) {
      const before = event[column]
      if (before === '') continue
      const after = redact(before)
      if (after === before) continue
      redacted ??= { ...event }
      // The closed columns are never changed, so what is assigned is text.
      Object.assign(redacted, { [column]: after })
    }
    for (const [column, sizeColumn] of bodyColumns) {
      const before = event[column]
      if (before === '') continue
      const after = redactBody(redactor, before, event.platform, event[sizeColumn], limits.maxBodyBytes)
      if (after === before && event[sizeColumn] !== 0) continue
      redacted ??= { ...event }
      redacted[column] = after
      if (event[sizeColumn] === 0) redacted[sizeColumn] = Buffer.byteLength(before)
    }
    const attributes = redactAttributes(redactor, redactKey, event.attributes, limits)
    if (attributes === event.attributes) return redacted ?? event
    return { ...(redacted ?? event), attributes }
  }
}

const bodyColumns = [
  ['request_body', 'request_body_bytes'],
  ['response_body', 'response_body_bytes'],
] as const

interface ColumnRedaction {
  readonly column: TextColumn
  readonly redact: (value: string) => string
}

function createColumnRedactions(
  redactor: Redactor,
  { maxTextBytes, maxHeaderBytes }: RedactionLimits,
): ColumnRedaction[] {
  const limited = (redact: (value: string) => string) => (value: string) =>
    redactWithin(value, maxTextBytes, redact)
  const byTreatment: Record<Exclude<Treatment, 'closed'>, (value: string) => string> = {
    identifier: limited(redactor.identifier),
    text: limited(redactor.text),
    url: limited(redactor.url),
    hex: (value) => (hexId.test(value) ? value : limited(redactor.identifier)(value)),
    headers: (value) => limitHeaders(redactor.headers(value), maxHeaderBytes),
  }
  const redactions: ColumnRedaction[] = []
  for (const [column, treatment] of Object.entries(treatments) as [TextColumn, Treatment][]) {
    if (treatment !== 'closed') redactions.push({ column, redact: byTreatment[treatment] })
  }
  return redactions
}

function redactBody(
  redactor: Redactor,
  body: string,
  platform: string,
  knownBytes: number,
  maxBytes: number,
): string {
  const redact = (text: string) => redactor.body(text, platform)
  const mode = redactor.bodyMode(platform)
  // A hash is one of all of the body; the other modes leave less of it.
  if (mode !== 'redact') return cutText(redact(body), maxBytes)
  const wasCut = knownBytes > body.length && knownBytes > Buffer.byteLength(body)
  return redactWithin(body, maxBytes, wasCut ? (text) => dropCutToken(redact(text)) : redact)
}

function redactAttributes(
  redactor: Redactor,
  redactKey: (key: string) => string,
  attributes: ReadonlyMap<string, string>,
  { maxAttributes, maxTextBytes }: RedactionLimits,
): ReadonlyMap<string, string> {
  let redacted: Map<string, string> | undefined
  let count = 0
  for (const [key, value] of attributes) {
    if (count === maxAttributes) break
    const newKey = redactKey(key)
    const newValue = redactWithin(value, maxTextBytes, (text) => redactor.attribute(key, text))
    if (redacted === undefined && (newKey !== key || newValue !== value))
      redacted = firstOf(attributes, count)
    redacted?.set(newKey, newValue)
    count++
  }
  if (attributes.size <= maxAttributes) return redacted ?? attributes
  redacted ??= firstOf(attributes, maxAttributes)
  redacted.set(droppedAttributes, String(attributes.size - maxAttributes))
  return redacted
}

function firstOf(attributes: ReadonlyMap<string, string>, count: number): Map<string, string> {
  const first = new Map<string, string>()
  for (const [key, value] of attributes) {
    if (first.size === count) break
    first.set(key, value)
  }
  return first
}

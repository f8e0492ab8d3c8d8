import type { EventOrigin } from '../event/event-origin.ts'
import { remember } from '../event/remember.ts'
import type { Redactor } from './create-redactor.ts'
import { limitHeaders } from './headers.ts'
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

export type TextColumn<Row> = { [Name in keyof Row]: Row[Name] extends string ? Name : never }[keyof Row] &
  string
type SizeColumn<Row> = { [Name in keyof Row]: Row[Name] extends number | null ? Name : never }[keyof Row] &
  string

/** How a text column is redacted; `closed` ones hold only words of our own. */
export type Treatment = 'identifier' | 'text' | 'url' | 'headers' | 'hex' | 'closed'

/** Of the columns that every row begins with. */
export const originTreatments: Record<TextColumn<EventOrigin>, Treatment> = {
  event_id: 'closed',
  request_id: 'identifier',
  client_request_id: 'identifier',
  trace_id: 'hex',
  span_id: 'hex',
  service_name: 'identifier',
  service_namespace: 'identifier',
  service_instance_id: 'identifier',
  environment: 'identifier',
}

export interface RowRedaction<Row, Bodies extends TextColumn<Row>> {
  /** Every text column that is no body. */
  readonly treatments: Record<Exclude<TextColumn<Row>, Bodies>, Treatment>
  /** Bodies, each with the column of its full size. */
  readonly bodies: readonly (readonly [Bodies, SizeColumn<Row>])[]
}

const droppedAttributes = 'ops.dropped_attributes'
const hexId = /^[0-9a-f]{0,32}$/

/**
 * Makes the function that takes the secrets out of a row and brings its texts within limits, in this order. A row
 * without secrets and within the limits is returned as it is.
 */
export function createRowRedaction<
  Row extends { platform: string; attributes: ReadonlyMap<string, string> },
  Bodies extends TextColumn<Row>,
>(
  redactor: Redactor,
  limits: RedactionLimits,
  { treatments, bodies }: RowRedaction<Row, Bodies>,
): (row: Row) => Row {
  const columns = createColumnRedactions(redactor, limits, treatments)
  // The same keys come again and again; the answer is the same.
  const attributeOf = remember((key) => ({
    key: cutText(redactor.text(key), limits.maxTextBytes),
    redact: redactor.attributeOf(key),
  }))

  return (row) => {
    let redacted: Row | undefined
    const set = (column: string, value: unknown): void => {
      redacted ??= { ...row }
      Object.assign(redacted, { [column]: value })
    }
    for (const { column, redact } of columns) {
      const before = row[column as keyof Row] as string
      if (before === '') continue
      const after = redact(before)
      if (after !== before) set(column, after)
    }
    for (const [column, sizeColumn] of bodies) {
      const before = row[column] as string
      if (before === '') continue
      const knownBytes = (row[sizeColumn] as number | null) ?? 0
      const after = redactBody(redactor, before, row.platform, knownBytes, limits.maxBodyBytes)
      if (after !== before) set(column, after)
      if (knownBytes === 0) set(sizeColumn, Buffer.byteLength(before))
    }
    const attributes = redactAttributes(attributeOf, row.attributes, limits)
    if (attributes !== row.attributes) set('attributes', attributes)
    return redacted ?? row
  }
}

interface ColumnRedaction {
  readonly column: string
  readonly redact: (value: string) => string
}

function createColumnRedactions(
  redactor: Redactor,
  { maxTextBytes, maxHeaderBytes }: RedactionLimits,
  treatments: Readonly<Record<string, Treatment>>,
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
  for (const [column, treatment] of Object.entries(treatments)) {
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

interface AttributeRedaction {
  readonly key: string
  readonly redact: (value: string) => string
}

function redactAttributes(
  attributeOf: (key: string) => AttributeRedaction,
  attributes: ReadonlyMap<string, string>,
  { maxAttributes, maxTextBytes }: RedactionLimits,
): ReadonlyMap<string, string> {
  let redacted: Map<string, string> | undefined
  let count = 0
  for (const [key, value] of attributes) {
    if (count === maxAttributes) break
    const { key: newKey, redact } = attributeOf(key)
    const newValue = redactWithin(value, maxTextBytes, redact)
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

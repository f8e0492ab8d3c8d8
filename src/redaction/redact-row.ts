import type { EventOrigin } from '../event/event-origin.ts'
import type { HeadersColumn } from '../event/headers.ts'
import { NamedTexts, type NameList, namedTexts, rememberLists } from '../event/named-texts.ts'
import { createPropertyWalk } from '../event/property-walk.ts'
import { remember } from '../event/remember.ts'
import { byteLengthOf, stringOf, type Text, type Utf8Text } from '../event/utf8-text.ts'
import { createHeadersRedaction } from './column-headers.ts'
import type { Redactor } from './create-redactor.ts'
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

/** Columns that hold text, or may. */
export type TextColumn<Row> = {
  [Name in keyof Row]: [Extract<Row[Name], string>] extends [never] ? never : Name
}[keyof Row] &
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
 * Makes the function that takes the secrets out of a row and brings its texts within limits, in this order. Columns that
 * stand in a buffer stay there if no rule could find anything in them; headers become the text of a JSON object. The
 * given row is not changed, and returned as it is when nothing has to be.
 */
export function createRowRedaction<
  Row extends { platform: string; attributes: ReadonlyMap<string, Text> },
  Bodies extends TextColumn<Row>,
>(
  redactor: Redactor,
  limits: RedactionLimits,
  { treatments, bodies }: RowRedaction<Row, Bodies>,
): (row: Row) => Row {
  const columns = createColumnRedactions(redactor, limits, treatments)
  // The same keys come again and again; the answer is the same.
  const attributeOf = remember((key): AttributeRedaction => {
    const redact = redactor.attributeOf(key)
    const asText = limited(redactor, limits.maxTextBytes, redact)
    // Under a key that tells nothing, the value is text as any other.
    const redactValue = redact === redactor.text ? asText : (value: Text) => asText(stringOf(value))
    return { key: cutText(redactor.text(key), limits.maxTextBytes), redact: redactValue }
  })

  const attributesOf = rememberLists(({ names }): AttributeRedactions => {
    const redactions = names.slice(0, limits.maxAttributes).map(attributeOf)
    return {
      keys: redactions.map(({ key }) => key),
      redact: redactions.map(({ redact }) => redact),
      areKeysKept: redactions.every(({ key }, index) => key === names[index]),
    }
  })

  /** The row under way, and its copy once something has to be changed. */
  let current: Row
  let redacted: Row | undefined
  const set = (column: string, value: unknown): void => {
    redacted ??= { ...current }
    ;(redacted as Record<string, unknown>)[column] = value
  }
  const redactColumns = createPropertyWalk<Row>(
    columns.map(({ column }) => column as keyof Row & string),
    columns.map(({ column, redact }) => (before: unknown) => {
      if (before === '') return
      const after = redact(before as HeadersColumn)
      if (after !== before) set(column, after)
    }),
  )

  return (row) => {
    current = row
    redacted = undefined
    redactColumns(row)
    for (const [column, sizeColumn] of bodies) {
      const before = row[column] as Text
      if (before === '') continue
      const knownBytes = (row[sizeColumn] as number | null) ?? 0
      const after = redactBody(redactor, before, row.platform, knownBytes, limits.maxBodyBytes)
      if (after !== before) set(column, after)
      if (knownBytes === 0) set(sizeColumn, byteLengthOf(before))
    }
    const attributes = redactAttributes(attributesOf, row.attributes, limits.maxAttributes)
    if (attributes !== row.attributes) set('attributes', attributes)
    return redacted ?? row
  }
}

interface ColumnRedaction {
  readonly column: string
  readonly redact: (value: HeadersColumn) => Text
}

function createColumnRedactions(
  redactor: Redactor,
  { maxTextBytes, maxHeaderBytes }: RedactionLimits,
  treatments: Readonly<Record<string, Treatment>>,
): ColumnRedaction[] {
  const identifier = remembering(limited(redactor, maxTextBytes, redactor.identifier), maxNameChars)
  const url = remembering(limited(redactor, maxTextBytes, redactor.url), maxPathChars)
  const byTreatment: Record<Exclude<Treatment, 'closed' | 'headers'>, (value: Text) => Text> = {
    identifier,
    text: limited(redactor, maxTextBytes, redactor.text),
    url: (value) =>
      url(typeof value === 'string' || !mayHaveRelativeUserinfo(value) ? value : stringOf(value)),
    hex: (value) => (typeof value === 'string' && hexId.test(value) ? value : identifier(value)),
  }
  const redactions: ColumnRedaction[] = []
  for (const [column, treatment] of Object.entries(treatments)) {
    if (treatment === 'closed') continue
    // Each column of headers has a buffer of its own.
    const redact =
      treatment === 'headers' ? createHeadersRedaction(redactor, maxHeaderBytes) : byTreatment[treatment]
    redactions.push({ column, redact: redact as ColumnRedaction['redact'] })
  }
  return redactions
}

/** Platforms, types and codes, which are few. */
const maxNameChars = 32
/** Hosts and paths of URLs that were taken apart. */
const maxPathChars = 128

/** The same with its answers kept for short strings. */
function remembering(redact: (value: Text) => Text, maxChars: number): (value: Text) => Text {
  const redactName = remember(redact)
  return (value) =>
    typeof value === 'string' && value.length <= maxChars ? redactName(value) : redact(value)
}

/** Redaction of a text as one of text does it, but for what can stay in its buffer. */
function limited(
  redactor: Redactor,
  maxBytes: number,
  redact: (text: string) => string,
): (value: Text) => Text {
  return (value) =>
    isFine(redactor, value, maxBytes) ? value : redactWithin(stringOf(value), maxBytes, redact)
}

/** Whether a text can stay in its buffer: short enough, and nothing in it that a rule could find. */
function isFine(redactor: Redactor, value: Text, maxBytes: number): boolean {
  if (typeof value === 'string') return false
  const { source, start, end } = value
  if (end - start > maxBytes) return false
  if (value.clearedBy === redactor) return true
  if (redactor.mayContainSecret(source.bytes, start, end)) return false
  value.clearedBy = redactor
  return true
}

const atSign = 64
const slash = 47

/** Whether there could be a user and a password in a URL without scheme, which only `Redactor.url` looks for. */
function mayHaveRelativeUserinfo({ source: { bytes }, start, end }: Utf8Text): boolean {
  if (bytes[start] === slash && bytes[start + 1] === slash) return true
  for (let at = start; at < end; at++) if (bytes[at] === atSign) return true
  return false
}

function redactBody(
  redactor: Redactor,
  body: Text,
  platform: string,
  knownBytes: number,
  maxBytes: number,
): Text {
  const redact = (text: string) => redactor.body(text, platform)
  const mode = redactor.bodyMode(platform)
  if (mode === 'drop') return ''
  if (mode === 'keep' && byteLengthOf(body) <= maxBytes) return body
  // A hash is one of all of the body; the other modes leave less of it.
  if (mode !== 'redact') return cutText(redact(stringOf(body)), maxBytes)
  const wasCut = knownBytes > 0 && knownBytes > byteLengthOf(body)
  if (!wasCut && isFine(redactor, body, maxBytes)) return body
  return redactWithin(stringOf(body), maxBytes, wasCut ? (text) => dropCutToken(redact(text)) : redact)
}

interface AttributeRedaction {
  readonly key: string
  readonly redact: (value: Text) => Text
}

/** Of a list of keys, up to as many attributes as a row may have. */
interface AttributeRedactions {
  /** Without their secrets. */
  readonly keys: readonly string[]
  readonly redact: readonly AttributeRedaction['redact'][]
  readonly areKeysKept: boolean
}

function redactAttributes(
  redactionsOf: (list: NameList) => AttributeRedactions,
  attributes: ReadonlyMap<string, Text>,
  maxAttributes: number,
): ReadonlyMap<string, Text> {
  const { list, texts } = namedTexts(attributes)
  const { keys, redact, areKeysKept } = redactionsOf(list)
  const count = Math.min(texts.length, maxAttributes)
  let redacted: Text[] | undefined
  for (let i = 0; i < count; i++) {
    const before = texts[i] as Text
    const after = (redact[i] as AttributeRedaction['redact'])(before)
    if (after === before) continue
    redacted ??= texts.slice(0, count)
    redacted[i] = after
  }
  if (areKeysKept && count === texts.length)
    return redacted === undefined ? attributes : new NamedTexts(list, redacted)
  const kept = new Map<string, Text>()
  for (let i = 0; i < count; i++) kept.set(keys[i] as string, (redacted ?? texts)[i] as Text)
  if (count < texts.length) kept.set(droppedAttributes, String(texts.length - count))
  return kept
}

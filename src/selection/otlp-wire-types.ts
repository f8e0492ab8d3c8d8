/** Wire types of protobuf. Source: protobuf.dev/programming-guides/encoding, "Message Structure". */
export const varint = 0
export const fixed64 = 1
export const lengthDelimited = 2
export const groupStart = 3
export const groupEnd = 4
export const fixed32 = 5

/** A field number that the message does not define: any wire type is skipped. */
export const unknownField = 255

/** Wire types of a message's fields; the index is the field number. */
export type MessageFields = Uint8Array

function message(fields: Readonly<Record<number, number>>): MessageFields {
  const numbers = Object.keys(fields).map(Number)
  const wireTypes = new Uint8Array(Math.max(...numbers) + 1).fill(unknownField)
  for (const number of numbers) wireTypes[number] = fields[number] as number
  return wireTypes
}

// Source of the numbers: opentelemetry-proto 1.11.0. The messages of traces and logs that hold resource,
// scope and items have the same numbers, so one table each serves both.

/** ExportTraceServiceRequest, ExportLogsServiceRequest. */
export const requestFields = message({ 1: lengthDelimited })
/** ResourceSpans, ResourceLogs: resource, scope groups, schema URL. */
export const resourceGroupFields = message({ 1: lengthDelimited, 2: lengthDelimited, 3: lengthDelimited })
/** ScopeSpans, ScopeLogs: scope, items, schema URL. */
export const scopeGroupFields = message({ 1: lengthDelimited, 2: lengthDelimited, 3: lengthDelimited })

export const resourceFields = message({ 1: lengthDelimited, 2: varint, 3: lengthDelimited })
export const scopeFields = message({ 1: lengthDelimited, 2: lengthDelimited, 3: lengthDelimited, 4: varint })
export const keyValueFields = message({ 1: lengthDelimited, 2: lengthDelimited })
/** ArrayValue, KeyValueList. */
export const valueListFields = message({ 1: lengthDelimited })
export const anyValueFields = message({
  1: lengthDelimited,
  2: varint,
  3: varint,
  4: fixed64,
  5: lengthDelimited,
  6: lengthDelimited,
  7: lengthDelimited,
})

export const spanFields = message({
  1: lengthDelimited,
  2: lengthDelimited,
  3: lengthDelimited,
  4: lengthDelimited,
  5: lengthDelimited,
  6: varint,
  7: fixed64,
  8: fixed64,
  9: lengthDelimited,
  10: varint,
  11: lengthDelimited,
  12: varint,
  13: lengthDelimited,
  14: varint,
  15: lengthDelimited,
  16: fixed32,
})
export const spanEventFields = message({ 1: fixed64, 2: lengthDelimited, 3: lengthDelimited, 4: varint })
export const statusFields = message({ 2: lengthDelimited, 3: varint })

export const logRecordFields = message({
  1: fixed64,
  2: varint,
  3: lengthDelimited,
  5: lengthDelimited,
  6: lengthDelimited,
  7: varint,
  8: fixed32,
  9: lengthDelimited,
  10: lengthDelimited,
  11: fixed64,
  12: lengthDelimited,
})

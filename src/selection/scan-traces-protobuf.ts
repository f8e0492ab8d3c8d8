import { spanKindServer } from '../event/selected-event.ts'
import type { AttributesBuilder } from './any-value-protobuf.ts'
import { readAttribute } from './any-value-protobuf.ts'
import { type EventRule, nameAt } from './event-rule.ts'
import type { Enclosing, ExportScan, ItemScanner } from './export-scan.ts'
import { requestErrorOf } from './failed-requests.ts'
import { spanIdSize, traceIdSize } from './identifier.ts'
import { spanEventFields, spanFields, statusFields } from './otlp-wire-types.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { findField, nextField, readContentEnd, readUint32, skipField } from './protobuf-reader.ts'
import { readEnum, readFixed64, readId, readText } from './protobuf-values.ts'
import type { NamedSpanEvent, SpanWithEvents } from './span-events.ts'
import { selectSpanEvents } from './span-events.ts'

/** Field numbers: opentelemetry-proto, trace/v1/trace.proto. */
export const spansProtobuf: ItemScanner<ProtobufReader> = { mayMatch, select }

function mayMatch(scan: ExportScan<ProtobufReader>, end: number): boolean {
  const { reader, rule } = scan
  let matches = false
  while (findField(reader, end, spanFields, 11)) {
    scan.eventCount++
    if (passEvent(reader, readContentEnd(reader, end), rule)) matches = true
  }
  return matches
}

/** Passes an event; true when its name is one of the rule. */
function passEvent(reader: ProtobufReader, end: number, rule: EventRule): boolean {
  let matches = false
  while (findField(reader, end, spanEventFields, 2)) {
    const nameEnd = readContentEnd(reader, end)
    matches = nameAt(rule, reader.bytes, reader.position, nameEnd) !== undefined
    reader.position = nameEnd
  }
  return matches
}

function select(scan: ExportScan<ProtobufReader>, enclosing: Enclosing, end: number): void {
  selectSpanEvents(readSpan(scan.reader, scan.rule, end), enclosing, scan.take)
}

/** The SERVER spans of these traces that ended in error, each handed on as the record of its request. */
export function failedRequestsProtobuf(traces: ReadonlySet<string>): ItemScanner<ProtobufReader> {
  return {
    mayMatch({ reader }, end) {
      let wanted = false
      let kind = 0
      while (reader.position < end) {
        const field = nextField(reader, end, spanFields)
        if (field === 1) wanted = traces.has(readId(reader, end, traceIdSize))
        else if (field === 6) kind = readEnum(reader, end)
        else skipField(reader, end)
      }
      return wanted && kind === spanKindServer
    },
    select(scan, enclosing, end) {
      const record = requestErrorOf(readSpan(scan.reader, scan.rule, end), enclosing)
      if (record) scan.take(record)
    },
  }
}

function readSpan(reader: ProtobufReader, rule: EventRule, end: number): SpanWithEvents {
  const attributes: AttributesBuilder = new Map()
  const events: NamedSpanEvent[] = []
  const status = { code: 0, message: '' }
  let traceId = ''
  let spanId = ''
  let parentSpanId = ''
  let name = ''
  let kind = 0
  let startTimeUnixNano = 0n
  let endTimeUnixNano = 0n
  let droppedAttributesCount = 0
  let droppedEventsCount = 0
  while (reader.position < end) {
    switch (nextField(reader, end, spanFields)) {
      case 1:
        traceId = readId(reader, end, traceIdSize)
        break
      case 2:
        spanId = readId(reader, end, spanIdSize)
        break
      case 4:
        parentSpanId = readId(reader, end, spanIdSize)
        break
      case 5:
        name = readText(reader, end)
        break
      case 6:
        kind = readEnum(reader, end)
        break
      case 7:
        startTimeUnixNano = readFixed64(reader, end)
        break
      case 8:
        endTimeUnixNano = readFixed64(reader, end)
        break
      case 9:
        readAttribute(reader, end, attributes)
        break
      case 10:
        droppedAttributesCount = readUint32(reader, end)
        break
      case 11: {
        const event = readNamedEvent(reader, end, rule)
        if (event !== undefined) events.push(event)
        break
      }
      case 12:
        droppedEventsCount = readUint32(reader, end)
        break
      case 15:
        readStatus(reader, end, status)
        break
      default:
        skipField(reader, end)
    }
  }
  const span = {
    name,
    kind,
    parentSpanId,
    startTimeUnixNano,
    endTimeUnixNano,
    statusCode: status.code,
    statusMessage: status.message,
    attributes,
    droppedAttributesCount,
    droppedEventsCount,
  }
  return { traceId, spanId, span, events }
}

function readNamedEvent(reader: ProtobufReader, end: number, rule: EventRule): NamedSpanEvent | undefined {
  const eventEnd = readContentEnd(reader, end)
  const attributes: AttributesBuilder = new Map()
  let name: NamedSpanEvent['name'] | undefined
  let timeUnixNano = 0n
  let droppedAttributesCount = 0
  while (reader.position < eventEnd) {
    switch (nextField(reader, eventEnd, spanEventFields)) {
      case 1:
        timeUnixNano = readFixed64(reader, eventEnd)
        break
      case 2: {
        const nameEnd = readContentEnd(reader, eventEnd)
        name = nameAt(rule, reader.bytes, reader.position, nameEnd)
        reader.position = nameEnd
        break
      }
      case 3:
        readAttribute(reader, eventEnd, attributes)
        break
      case 4:
        droppedAttributesCount = readUint32(reader, eventEnd)
        break
      default:
        skipField(reader, eventEnd)
    }
  }
  return name === undefined ? undefined : { name, timeUnixNano, attributes, droppedAttributesCount }
}

function readStatus(reader: ProtobufReader, end: number, status: { code: number; message: string }): void {
  const statusEnd = readContentEnd(reader, end)
  while (reader.position < statusEnd) {
    switch (nextField(reader, statusEnd, statusFields)) {
      case 2:
        status.message = readText(reader, statusEnd)
        break
      case 3:
        status.code = readEnum(reader, statusEnd)
        break
      default:
        skipField(reader, statusEnd)
    }
  }
}

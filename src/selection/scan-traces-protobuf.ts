import { spanKindServer } from '../event/selected-event.ts'
import { readAttribute, startAttributes } from './any-value-protobuf.ts'
import { type EventRule, nameAt } from './event-rule.ts'
import type { Enclosing, ExportScan, ItemScanner } from './export-scan.ts'
import { mayBeServerSpan, mayHoldEvent } from './export-scan.ts'
import type { ServerSpanReader } from './failed-requests.ts'
import { spanIdSize, traceIdSize } from './identifier.ts'
import { spanEventFields, spanFields, statusFields } from './otlp-wire-types.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import {
  fieldSet,
  findField,
  findFieldOf,
  nextField,
  readContentEnd,
  readUint32,
  skipField,
} from './protobuf-reader.ts'
import { readEnum, readFixed64, readId, readString } from './protobuf-values.ts'
import type { NamedSpanEvent, SpanWithEvents } from './span-events.ts'
import { selectSpanEvents } from './span-events.ts'

/** Field numbers: opentelemetry-proto, trace/v1/trace.proto. */
export const spansProtobuf: ItemScanner<ProtobufReader> = { lookAt, select }

const lookedAt = fieldSet(1, 6, 11)

function lookAt(scan: ExportScan<ProtobufReader>, end: number): number {
  const { reader, rule } = scan
  let events = 0
  let server = 0
  scan.traceIdAt = 0
  for (;;) {
    switch (findFieldOf(reader, end, spanFields, lookedAt)) {
      case 1:
        scan.traceIdAt = reader.position
        skipField(reader, end)
        break
      case 6:
        server = readEnum(reader, end) === spanKindServer ? mayBeServerSpan : 0
        break
      case 11:
        scan.eventCount++
        if (passEvent(reader, readContentEnd(reader, end), rule)) events = mayHoldEvent
        break
      default:
        return events | server
    }
  }
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

/** Reads the spans that `lookAt` found to be SERVER spans. */
export const serverSpansProtobuf: ServerSpanReader<ProtobufReader> = {
  readTraceId: (reader, end) => readId(reader, end, traceIdSize),
  readSpan: (reader, end) => readSpan(reader, undefined, end),
}

/** Without a rule, its events are passed over. */
function readSpan(reader: ProtobufReader, rule: EventRule | undefined, end: number): SpanWithEvents {
  const attributes = startAttributes()
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
        name = readString(reader, end)
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
        if (rule === undefined) skipField(reader, end)
        else addNamedEvent(reader, end, rule, events)
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
    attributes: attributes.end(),
    droppedAttributesCount,
    droppedEventsCount,
  }
  return { traceId, spanId, span, events }
}

function addNamedEvent(reader: ProtobufReader, end: number, rule: EventRule, events: NamedSpanEvent[]): void {
  const eventEnd = readContentEnd(reader, end)
  const attributes = startAttributes()
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
  if (name !== undefined)
    events.push({ name, timeUnixNano, attributes: attributes.end(), droppedAttributesCount })
}

function readStatus(reader: ProtobufReader, end: number, status: { code: number; message: string }): void {
  const statusEnd = readContentEnd(reader, end)
  while (reader.position < statusEnd) {
    switch (nextField(reader, statusEnd, statusFields)) {
      case 2:
        status.message = readString(reader, statusEnd)
        break
      case 3:
        status.code = readEnum(reader, statusEnd)
        break
      default:
        skipField(reader, statusEnd)
    }
  }
}

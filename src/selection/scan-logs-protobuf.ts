import type { AttributeValue } from '../event/attribute.ts'
import { readAnyValue, readAttribute, startAttributes } from './any-value-protobuf.ts'
import type { EventRule } from './event-rule.ts'
import { nameAt } from './event-rule.ts'
import type { Enclosing, ExportScan, ItemScanner } from './export-scan.ts'
import { mayHoldEvent } from './export-scan.ts'
import { spanIdSize, traceIdSize } from './identifier.ts'
import { eventNameKey, selectLogEvent } from './log-event.ts'
import { anyValueFields, keyValueFields, logRecordFields } from './otlp-wire-types.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { findField, nextField, readContentEnd, readUint32, skipField } from './protobuf-reader.ts'
import { readFixed64, readId, readString } from './protobuf-values.ts'

/** Field numbers: opentelemetry-proto, logs/v1/logs.proto. */
export const logRecordsProtobuf: ItemScanner<ProtobufReader> = { lookAt, select }

function lookAt(scan: ExportScan<ProtobufReader>, end: number): number {
  const { reader, rule } = scan
  let hasName = false
  let matchesByName = false
  let matchesByAttribute = false
  scan.eventCount++
  while (reader.position < end) {
    switch (nextField(reader, end, logRecordFields)) {
      case 6:
        if (passAttribute(reader, end, rule)) matchesByAttribute = true
        break
      case 12: {
        const nameEnd = readContentEnd(reader, end)
        hasName = nameEnd > reader.position
        matchesByName = nameAt(rule, reader.bytes, reader.position, nameEnd) !== undefined
        reader.position = nameEnd
        break
      }
      default:
        skipField(reader, end)
    }
  }
  return (hasName ? matchesByName : matchesByAttribute) ? mayHoldEvent : 0
}

/** Passes a KeyValue; true when it is the event name's and says a name of the rule. */
function passAttribute(reader: ProtobufReader, end: number, rule: EventRule): boolean {
  const messageEnd = readContentEnd(reader, end)
  let isEventName = false
  let matches = false
  while (reader.position < messageEnd) {
    switch (nextField(reader, messageEnd, keyValueFields)) {
      case 1: {
        const keyEnd = readContentEnd(reader, messageEnd)
        isEventName = isEventNameKey(reader, keyEnd)
        reader.position = keyEnd
        break
      }
      case 2:
        if (passValue(reader, messageEnd, rule)) matches = true
        break
      default:
        skipField(reader, messageEnd)
    }
  }
  return isEventName && matches
}

function isEventNameKey(reader: ProtobufReader, end: number): boolean {
  const start = reader.position
  if (end - start !== eventNameKey.length) return false
  for (let i = 0; i < eventNameKey.length; i++) {
    if (reader.bytes[start + i] !== eventNameKey.charCodeAt(i)) return false
  }
  return true
}

/** Passes an AnyValue; true when it has a string that is a name of the rule. */
function passValue(reader: ProtobufReader, end: number, rule: EventRule): boolean {
  const messageEnd = readContentEnd(reader, end)
  let matches = false
  while (findField(reader, messageEnd, anyValueFields, 1)) {
    const textEnd = readContentEnd(reader, messageEnd)
    if (nameAt(rule, reader.bytes, reader.position, textEnd) !== undefined) matches = true
    reader.position = textEnd
  }
  return matches
}

function select(scan: ExportScan<ProtobufReader>, enclosing: Enclosing, end: number): void {
  const { reader, rule } = scan
  const attributes = startAttributes()
  let eventName = ''
  let timeUnixNano = 0n
  let observedTimeUnixNano = 0n
  let traceId = ''
  let spanId = ''
  let droppedAttributesCount = 0
  let body: AttributeValue = null
  while (reader.position < end) {
    switch (nextField(reader, end, logRecordFields)) {
      case 1:
        timeUnixNano = readFixed64(reader, end)
        break
      case 5:
        body = readAnyValue(reader, end, body)
        break
      case 6:
        readAttribute(reader, end, attributes)
        break
      case 7:
        droppedAttributesCount = readUint32(reader, end)
        break
      case 9:
        traceId = readId(reader, end, traceIdSize)
        break
      case 10:
        spanId = readId(reader, end, spanIdSize)
        break
      case 11:
        observedTimeUnixNano = readFixed64(reader, end)
        break
      case 12:
        eventName = readString(reader, end)
        break
      default:
        skipField(reader, end)
    }
  }
  const record = {
    eventName,
    timeUnixNano,
    observedTimeUnixNano,
    traceId,
    spanId,
    attributes: attributes.end(),
    droppedAttributesCount,
    body,
  }
  selectLogEvent(record, rule, enclosing, scan.seenLogEvents, scan.take)
}

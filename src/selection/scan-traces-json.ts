import type { AttributesBuilder } from '../event/attribute.ts'
import { spanKindServer } from '../event/selected-event.ts'
import { readAttributes } from './any-value-json.ts'
import type { EventName, EventRule } from './event-rule.ts'
import { nameAt, nameOf } from './event-rule.ts'
import type { Enclosing, ExportScan } from './export-scan.ts'
import { mayBeServerSpan, mayHoldEvent } from './export-scan.ts'
import type { ServerSpanReader } from './failed-requests.ts'
import { spanIdSize, traceIdSize } from './identifier.ts'
import { jsonKey, jsonKeys, keyIs, knownKey } from './json-key.ts'
import type { JsonReader } from './json-reader.ts'
import {
  enterArray,
  enterObject,
  nextElement,
  nextMember,
  passKey,
  passNull,
  passString,
  peek,
  unescaped,
} from './json-reader.ts'
import { readEnum, readId, readText, readUint32, readUint64, skipValue } from './json-values.ts'
import type { JsonItems } from './scan-export-json.ts'
import type { NamedSpanEvent, SpanWithEvents } from './span-events.ts'
import { selectSpanEvents } from './span-events.ts'
import { skipAttributes } from './usual-attribute-json.ts'

/** Names: opentelemetry-proto, trace/v1/trace.proto, in lowerCamelCase. */
export const spansJson: JsonItems = {
  resourceGroups: jsonKey('resourceSpans'),
  scopeGroups: jsonKey('scopeSpans'),
  items: jsonKey('spans'),
  lookAt,
  select,
}

const spanKeys = jsonKeys(
  'traceId',
  'spanId',
  'parentSpanId',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'droppedAttributesCount',
  'events',
  'droppedEventsCount',
  'status',
)
const eventKeys = jsonKeys('timeUnixNano', 'name', 'attributes', 'droppedAttributesCount')
const statusKeys = jsonKeys('code', 'message')
const lookedAt = jsonKeys('traceId', 'kind', 'attributes', 'events')
const nameKey = jsonKey('name')

const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
)
const statusCodes = ['UNSET', 'OK', 'ERROR'].map((code) => `STATUS_CODE_${code}`)

function lookAt(scan: ExportScan<JsonReader>): number {
  const { reader, rule } = scan
  let events = 0
  let server = 0
  scan.traceIdAt = 0
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    switch (knownKey(reader, lookedAt)) {
      case 'events':
        for (let event = enterArray(reader); event; event = nextElement(reader)) {
          scan.eventCount++
          if (passEvent(reader, rule)) events = mayHoldEvent
        }
        break
      case 'attributes':
        skipAttributes(reader)
        break
      case 'kind':
        if (!passNull(reader)) server = passKind(reader)
        break
      case 'traceId':
        if (peek(reader) !== nullStart) scan.traceIdAt = reader.position
        skipValue(reader)
        break
      default:
        skipValue(reader)
    }
  }
  return events | server
}

const nullStart = 0x6e
const firstKind = 0x30
const lastKind = 0x35

/** Passes a kind of any type: only a span whose events are wanted is refused for one that is none. */
function passKind(reader: JsonReader): number {
  const first = peek(reader)
  const start = reader.position
  skipValue(reader)
  const isDigit = reader.position === start + 1 && first >= firstKind && first <= lastKind
  return !isDigit || first === firstKind + spanKindServer ? mayBeServerSpan : 0
}

/** Passes an event; true when its name is one of the rule. */
function passEvent(reader: JsonReader, rule: EventRule): boolean {
  let matches = false
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (!keyIs(reader, nameKey)) skipValue(reader)
    else if (!passNull(reader)) matches = readName(reader, rule) !== undefined
  }
  return matches
}

function readName(reader: JsonReader, rule: EventRule): EventName | undefined {
  passString(reader)
  if (reader.stringEscaped) return nameOf(rule, unescaped(reader))
  return nameAt(rule, reader.bytes, reader.stringStart, reader.stringEnd)
}

function select(scan: ExportScan<JsonReader>, enclosing: Enclosing): void {
  selectSpanEvents(readSpan(scan.reader, scan.rule), enclosing, scan.take)
}

/** Reads the spans that `lookAt` found to be SERVER spans, or such whose kind it could not tell. */
export const serverSpansJson: ServerSpanReader<JsonReader> = {
  readTraceId: (reader) => readId(reader, traceIdSize),
  readSpan: (reader) => readSpan(reader, undefined),
}

/** Without a rule, its events are passed over. */
function readSpan(reader: JsonReader, rule: EventRule | undefined): SpanWithEvents {
  const attributes: AttributesBuilder = { keys: [], values: [] }
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
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const key = knownKey(reader, spanKeys)
    if (passNull(reader)) continue
    switch (key) {
      case 'traceId':
        traceId = readId(reader, traceIdSize)
        break
      case 'spanId':
        spanId = readId(reader, spanIdSize)
        break
      case 'parentSpanId':
        parentSpanId = readId(reader, spanIdSize)
        break
      case 'name':
        name = readText(reader)
        break
      case 'kind':
        kind = readEnum(reader, spanKinds)
        break
      case 'startTimeUnixNano':
        startTimeUnixNano = readUint64(reader)
        break
      case 'endTimeUnixNano':
        endTimeUnixNano = readUint64(reader)
        break
      case 'attributes':
        readAttributes(reader, attributes)
        break
      case 'droppedAttributesCount':
        droppedAttributesCount = readUint32(reader)
        break
      case 'events':
        if (rule === undefined) skipValue(reader)
        else readEvents(reader, rule, events)
        break
      case 'droppedEventsCount':
        droppedEventsCount = readUint32(reader)
        break
      case 'status':
        readStatus(reader, status)
        break
      default:
        skipValue(reader)
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

function readEvents(reader: JsonReader, rule: EventRule, events: NamedSpanEvent[]): void {
  for (let more = enterArray(reader); more; more = nextElement(reader)) {
    const event = readNamedEvent(reader, rule)
    if (event !== undefined) events.push(event)
  }
}

function readNamedEvent(reader: JsonReader, rule: EventRule): NamedSpanEvent | undefined {
  const attributes: AttributesBuilder = { keys: [], values: [] }
  let name: EventName | undefined
  let timeUnixNano = 0n
  let droppedAttributesCount = 0
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const key = knownKey(reader, eventKeys)
    if (passNull(reader)) continue
    switch (key) {
      case 'timeUnixNano':
        timeUnixNano = readUint64(reader)
        break
      case 'name':
        name = readName(reader, rule)
        break
      case 'attributes':
        readAttributes(reader, attributes)
        break
      case 'droppedAttributesCount':
        droppedAttributesCount = readUint32(reader)
        break
      default:
        skipValue(reader)
    }
  }
  return name === undefined ? undefined : { name, timeUnixNano, attributes, droppedAttributesCount }
}

function readStatus(reader: JsonReader, status: { code: number; message: string }): void {
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const key = knownKey(reader, statusKeys)
    if (passNull(reader)) continue
    if (key === 'code') status.code = readEnum(reader, statusCodes)
    else if (key === 'message') status.message = readText(reader)
    else skipValue(reader)
  }
}

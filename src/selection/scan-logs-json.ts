import type { AttributesBuilder, AttributeValue } from '../event/attribute.ts'
import { stringOf, Utf8Text } from '../event/utf8-text.ts'
import { readAnyValue, readAttributes } from './any-value-json.ts'
import type { EventRule } from './event-rule.ts'
import { nameAt, nameOf } from './event-rule.ts'
import type { Enclosing, ExportScan } from './export-scan.ts'
import { mayHoldEvent } from './export-scan.ts'
import { spanIdSize, traceIdSize } from './identifier.ts'
import { jsonKey, jsonKeys, keyIs, knownKey, usualKeyIs } from './json-key.ts'
import type { JsonReader } from './json-reader.ts'
import {
  enterArray,
  enterObject,
  nextElement,
  nextMember,
  passKey,
  passNull,
  passString,
  unescaped,
} from './json-reader.ts'
import { readId, readText, readUint32, readUint64, skipValue } from './json-values.ts'
import { eventNameKey, selectLogEvent } from './log-event.ts'
import type { JsonItems } from './scan-export-json.ts'
import { otherAttribute, passUsualAttribute, stringAttribute } from './usual-attribute-json.ts'

/** Names: opentelemetry-proto, logs/v1/logs.proto, in lowerCamelCase. */
export const logRecordsJson: JsonItems = {
  resourceGroups: jsonKey('resourceLogs'),
  scopeGroups: jsonKey('scopeLogs'),
  items: jsonKey('logRecords'),
  lookAt,
  select,
}

const recordKeys = jsonKeys(
  'timeUnixNano',
  'observedTimeUnixNano',
  'body',
  'attributes',
  'droppedAttributesCount',
  'traceId',
  'spanId',
  'eventName',
)
const recordEventNameKey = jsonKey('eventName')
const attributesKey = jsonKey('attributes')
const keyKey = jsonKey('key')
const valueKey = jsonKey('value')
const attributeEventNameKey = jsonKey(eventNameKey)

function lookAt(scan: ExportScan<JsonReader>): number {
  const { reader, rule } = scan
  let hasName = false
  let matchesByName = false
  let matchesByAttribute = false
  scan.eventCount++
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, attributesKey)) {
      for (let attribute = enterArray(reader); attribute; attribute = nextElement(reader)) {
        if (passAttribute(reader, rule)) matchesByAttribute = true
      }
    } else if (!keyIs(reader, recordEventNameKey)) skipValue(reader)
    else if (!passNull(reader)) {
      passString(reader)
      hasName = reader.stringEnd > reader.stringStart
      matchesByName = passedNameMatches(reader, rule)
    }
  }
  return (hasName ? matchesByName : matchesByAttribute) ? mayHoldEvent : 0
}

function passedNameMatches(reader: JsonReader, rule: EventRule): boolean {
  if (reader.stringEscaped) return nameOf(rule, unescaped(reader)) !== undefined
  return nameAt(rule, reader.bytes, reader.stringStart, reader.stringEnd) !== undefined
}

/** Passes a KeyValue; true when it is the event name's and may say a name of the rule. */
function passAttribute(reader: JsonReader, rule: EventRule): boolean {
  const usual = passUsualAttribute(reader)
  if (usual !== otherAttribute)
    return (
      usual === stringAttribute &&
      usualKeyIs(reader, attributeEventNameKey) &&
      passedNameMatches(reader, rule)
    )
  let isEventName = false
  let valueStart = -1
  let values = 0
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, keyKey)) {
      if (passNull(reader)) continue
      passString(reader)
      isEventName = keyIs(reader, attributeEventNameKey)
    } else {
      if (keyIs(reader, valueKey)) {
        values++
        valueStart = reader.position
      }
      skipValue(reader)
    }
  }
  if (!isEventName || values === 0) return false
  // Several values are merged, which is left to the reading of the record.
  if (values > 1) return true
  const end = reader.position
  reader.position = valueStart
  const value = readAnyValue(reader, null)
  reader.position = end
  const isText = typeof value === 'string' || value instanceof Utf8Text
  return isText && nameOf(rule, stringOf(value)) !== undefined
}

function select(scan: ExportScan<JsonReader>, enclosing: Enclosing): void {
  const { reader, rule } = scan
  const attributes: AttributesBuilder = { keys: [], values: [] }
  let eventName = ''
  let timeUnixNano = 0n
  let observedTimeUnixNano = 0n
  let traceId = ''
  let spanId = ''
  let droppedAttributesCount = 0
  let body: AttributeValue = null
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const key = knownKey(reader, recordKeys)
    if (passNull(reader)) continue
    switch (key) {
      case 'timeUnixNano':
        timeUnixNano = readUint64(reader)
        break
      case 'observedTimeUnixNano':
        observedTimeUnixNano = readUint64(reader)
        break
      case 'body':
        body = readAnyValue(reader, body)
        break
      case 'attributes':
        readAttributes(reader, attributes)
        break
      case 'droppedAttributesCount':
        droppedAttributesCount = readUint32(reader)
        break
      case 'traceId':
        traceId = readId(reader, traceIdSize)
        break
      case 'spanId':
        spanId = readId(reader, spanIdSize)
        break
      case 'eventName':
        eventName = readText(reader)
        break
      default:
        skipValue(reader)
    }
  }
  const record = {
    eventName,
    timeUnixNano,
    observedTimeUnixNano,
    traceId,
    spanId,
    attributes,
    droppedAttributesCount,
    body,
  }
  selectLogEvent(record, rule, enclosing, scan.seenLogEvents, scan.take)
}

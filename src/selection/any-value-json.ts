import type { AttributesBuilder, AttributeValue } from '../event/attribute.ts'
import { malformedJson } from './json-grammar.ts'
import { jsonKey, jsonKeys, keyIs, knownKey } from './json-key.ts'
import type { JsonReader } from './json-reader.ts'
import { enterArray, enterObject, nextElement, nextMember, passKey, passNull } from './json-reader.ts'
import {
  readBoolean,
  readBytes,
  readDouble,
  readInt64,
  readKey,
  readTextValue,
  skipValue,
  usualInteger,
  usualKey,
  usualText,
} from './json-values.ts'
import { mergedMap } from './merged-map.ts'
import { maxAnyValueDepth } from './nesting.ts'
import { otherAttribute, passUsualAttribute, stringAttribute } from './usual-attribute-json.ts'

const keyValueKeys = jsonKeys('key', 'value')
const anyValueKeys = jsonKeys(
  'stringValue',
  'boolValue',
  'intValue',
  'doubleValue',
  'arrayValue',
  'kvlistValue',
  'bytesValue',
)
const valuesKey = jsonKey('values')

/**
 * Passes an array of KeyValue and adds them to `attributes`.
 * Throws MalformedOtlpError for values nested deeper than `maxAnyValueDepth`.
 */
export function readAttributes(reader: JsonReader, attributes: AttributesBuilder): void {
  readKeyValues(reader, attributes, 0)
}

/** Passes an AnyValue. `earlier`: see the reader of the same name for protobuf. */
export function readAnyValue(reader: JsonReader, earlier: AttributeValue): AttributeValue {
  return readValue(reader, earlier, 0)
}

function readKeyValues(reader: JsonReader, into: AttributesBuilder, depth: number): void {
  for (let more = enterArray(reader); more; more = nextElement(reader)) readKeyValue(reader, into, depth)
}

function readKeyValue(reader: JsonReader, into: AttributesBuilder, depth: number): void {
  const usual = passUsualAttribute(reader)
  if (usual !== otherAttribute) {
    into.keys.push(usualKey(reader))
    into.values.push(usual === stringAttribute ? usualText(reader) : usualInteger(reader))
    return
  }
  let key = ''
  let value: AttributeValue = null
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const name = knownKey(reader, keyValueKeys)
    if (passNull(reader)) continue
    if (name === 'key') key = readKey(reader)
    else if (name === 'value') value = readValue(reader, value, depth)
    else skipValue(reader)
  }
  into.keys.push(key)
  into.values.push(value)
}

function readValue(reader: JsonReader, earlier: AttributeValue, depth: number): AttributeValue {
  let value = earlier
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    const kind = knownKey(reader, anyValueKeys)
    if (passNull(reader)) continue
    switch (kind) {
      case 'stringValue':
        value = readTextValue(reader)
        break
      case 'boolValue':
        value = readBoolean(reader)
        break
      case 'intValue':
        value = readInt64(reader)
        break
      case 'doubleValue':
        value = readDouble(reader)
        break
      case 'arrayValue':
        value = readArray(reader, value, depth + 1)
        break
      case 'kvlistValue':
        value = readKeyValueList(reader, value, depth + 1)
        break
      case 'bytesValue':
        value = readBytes(reader)
        break
      default:
        skipValue(reader)
    }
  }
  return value
}

function readArray(reader: JsonReader, earlier: AttributeValue, depth: number): AttributeValue {
  if (depth > maxAnyValueDepth) malformedJson(reader.position, 'attribute value nested too deep')
  const array = Array.isArray(earlier) ? (earlier as AttributeValue[]) : []
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, valuesKey)) {
      for (let item = enterArray(reader); item; item = nextElement(reader))
        array.push(readValue(reader, null, depth))
    } else skipValue(reader)
  }
  return array
}

function readKeyValueList(reader: JsonReader, earlier: AttributeValue, depth: number): AttributeValue {
  if (depth > maxAnyValueDepth) malformedJson(reader.position, 'attribute value nested too deep')
  const list: AttributesBuilder = { keys: [], values: [] }
  for (let more = enterObject(reader); more; more = nextMember(reader)) {
    passKey(reader)
    if (keyIs(reader, valuesKey)) readKeyValues(reader, list, depth)
    else skipValue(reader)
  }
  return mergedMap(earlier, list)
}

import type { AttributesBuilder, AttributeValue } from '../event/attribute.ts'
import type { Text } from '../event/utf8-text.ts'
import { AttributesReading, createKeyPaths, type KeyPath } from './key-path.ts'
import { mergedMap } from './merged-map.ts'
import { maxAnyValueDepth } from './nesting.ts'
import { anyValueFields, keyValueFields, valueListFields } from './otlp-wire-types.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import {
  enterShortField,
  findField,
  malformedProtobuf,
  nextField,
  readContentEnd,
  skipField,
} from './protobuf-reader.ts'
import {
  readBoolean,
  readBytes,
  readDouble,
  readInt64,
  readKey,
  readKeyTo,
  readText,
  readTextTo,
} from './protobuf-values.ts'

const keyTag = 0x0a
const stringValueTag = 0x0a
const valueTag = 0x12
/** The value of a key-value, and its string. */
const stringTags = [valueTag, stringValueTag]
/** The value of a key-value, its array, the array's value, and its string. */
const arrayOfStringTags = [valueTag, 0x2a, 0x0a, stringValueTag]

const paths = createKeyPaths()

/** Attributes that `readAttribute` adds to. */
export function startAttributes(): AttributesReading {
  return new AttributesReading(paths.root())
}

/**
 * Passes a KeyValue whose length follows and adds it to `attributes`.
 * Throws MalformedOtlpError for values nested deeper than `maxAnyValueDepth`.
 */
export function readAttribute(reader: ProtobufReader, end: number, attributes: AttributesReading): void {
  const start = reader.position
  if (attributes.path !== undefined && readOnPath(reader, end, attributes, attributes.path)) return
  reader.position = start
  readKeyValue(reader, end, attributes.leavePath(), 0)
}

/** Whether it was a key and a value, in this order, and the key is one that can come after those before. */
function readOnPath(
  reader: ProtobufReader,
  end: number,
  attributes: AttributesReading,
  path: KeyPath,
): boolean {
  const messageEnd = readContentEnd(reader, end)
  const keyEnd = enterShortField(reader, messageEnd, keyTag)
  const next = keyEnd === 0 ? undefined : paths.follow(path, reader, reader.position, keyEnd)
  if (next === undefined) return false
  reader.position = keyEnd
  let value: AttributeValue = readUsualValue(reader, messageEnd)
  if (value === null && reader.bytes[reader.position] === valueTag && reader.position < messageEnd) {
    reader.position++
    value = readValue(reader, messageEnd, null, 0)
  }
  if (reader.position !== messageEnd) return false
  attributes.path = next
  attributes.values.push(value)
  return true
}

/**
 * Passes an AnyValue whose length follows. `earlier` is the value of the same field earlier in the message:
 * protobuf merges occurrences of a message field, so lists are continued and anything else is replaced.
 */
export function readAnyValue(reader: ProtobufReader, end: number, earlier: AttributeValue): AttributeValue {
  return readValue(reader, end, earlier, 0)
}

function readKeyValue(reader: ProtobufReader, end: number, into: AttributesBuilder, depth: number): void {
  const messageEnd = readContentEnd(reader, end)
  // Encoders write the key, then the value.
  const keyEnd = enterShortField(reader, messageEnd, keyTag)
  let key = keyEnd === 0 ? '' : readKeyTo(reader, keyEnd)
  let value: AttributeValue = readUsualValue(reader, messageEnd)
  while (reader.position < messageEnd) {
    switch (nextField(reader, messageEnd, keyValueFields)) {
      case 1:
        key = readKey(reader, messageEnd)
        break
      case 2:
        value = readValue(reader, messageEnd, value, depth)
        break
      default:
        skipField(reader, messageEnd)
    }
  }
  into.keys.push(key)
  into.values.push(value)
}

/**
 * Passes a value that is one short string and ends where its key-value ends, alone or in an array as headers have it:
 * nearly all are. Null, with nothing passed, for any other.
 */
function readUsualValue(reader: ProtobufReader, end: number): Text | readonly Text[] | null {
  const textStart = startOfNested(reader, end, stringTags)
  if (textStart !== 0) {
    reader.position = textStart
    return readTextTo(reader, end)
  }
  const inArrayStart = startOfNested(reader, end, arrayOfStringTags)
  if (inArrayStart === 0) return null
  reader.position = inArrayStart
  return [readTextTo(reader, end)]
}

/** Where the content of fields begins that are one in the other, all up to `end` and in their short form; 0 = they are not. */
function startOfNested({ bytes, position }: ProtobufReader, end: number, tags: readonly number[]): number {
  let at = position
  for (let i = 0; i < tags.length; i++) {
    const length = end - at - 2
    if (bytes[at] !== tags[i] || bytes[at + 1] !== length || length >= 0x80) return 0
    at += 2
  }
  return at
}

function readValue(
  reader: ProtobufReader,
  end: number,
  earlier: AttributeValue,
  depth: number,
): AttributeValue {
  const messageEnd = readContentEnd(reader, end)
  const textEnd = enterShortField(reader, messageEnd, stringValueTag)
  let value = textEnd === 0 ? earlier : readTextTo(reader, textEnd)
  while (reader.position < messageEnd) {
    switch (nextField(reader, messageEnd, anyValueFields)) {
      case 1:
        value = readText(reader, messageEnd)
        break
      case 2:
        value = readBoolean(reader, messageEnd)
        break
      case 3:
        value = readInt64(reader, messageEnd)
        break
      case 4:
        value = readDouble(reader, messageEnd)
        break
      case 5:
        value = readArray(reader, messageEnd, value, depth + 1)
        break
      case 6:
        value = readKeyValueList(reader, messageEnd, value, depth + 1)
        break
      case 7:
        value = readBytes(reader, messageEnd)
        break
      default:
        skipField(reader, messageEnd)
    }
  }
  return value
}

function readArray(
  reader: ProtobufReader,
  end: number,
  earlier: AttributeValue,
  depth: number,
): AttributeValue {
  if (depth > maxAnyValueDepth) malformedProtobuf(reader, 'attribute value nested too deep')
  const messageEnd = readContentEnd(reader, end)
  const array = Array.isArray(earlier) ? (earlier as AttributeValue[]) : []
  while (findField(reader, messageEnd, valueListFields, 1)) {
    array.push(readValue(reader, messageEnd, null, depth))
  }
  return array
}

function readKeyValueList(
  reader: ProtobufReader,
  end: number,
  earlier: AttributeValue,
  depth: number,
): AttributeValue {
  if (depth > maxAnyValueDepth) malformedProtobuf(reader, 'attribute value nested too deep')
  const messageEnd = readContentEnd(reader, end)
  const list: AttributesBuilder = { keys: [], values: [] }
  while (findField(reader, messageEnd, valueListFields, 1)) readKeyValue(reader, messageEnd, list, depth)
  return mergedMap(earlier, list)
}

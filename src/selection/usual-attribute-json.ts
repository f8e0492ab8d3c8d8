import {
  closeArray,
  closeObject,
  comma,
  endOfNumber,
  endOfPlain,
  endOfValue,
  isDigit,
  malformedJson,
  minus,
  openArray,
  quote,
  skipWhitespace,
} from './json-grammar.ts'
import type { JsonReader } from './json-reader.ts'
import { peek } from './json-reader.ts'

// Most of an export are attributes, and nearly all of those are written in one way: {"key":"…","value":{"stringValue":"…"}}
// or the same with "intValue", nothing escaped, no whitespace. What stands around key and value is compared as words
// here instead of being read as JSON. Anything else is left to the grammar, so that what is accepted stays the same.

export const otherAttribute = 0
export const stringAttribute = 1
export const integerAttribute = 2
export type UsualAttribute = typeof otherAttribute | typeof stringAttribute | typeof integerAttribute

const word = (text: string): number => Buffer.from(text).readInt32LE()
const half = (text: string): number => Buffer.from(text).readInt16LE()

const opening = ['{"ke', 'y":"'].map(word)
const between = ['","v', 'alue', '":{"'].map(word)
const stringValue = ['stri', 'ngVa', 'lue"'].map(word)
const intValue = ['intV', 'alue'].map(word)
const [opening0, opening1] = opening
const [between0, between1, between2] = between
const [string0, string1, string2] = stringValue
const string3 = half(':"')
const [integer0, integer1] = intValue
const integer2 = half('":')
const openingBytes = 8
const betweenBytes = 12
const stringBytes = 14
const integerBytes = 10

/**
 * Passes the attribute at the reader's position if it is written as exporters do, and tells of which type its value is: the
 * reader then has the places of key and value. Otherwise nothing is passed.
 */
export function passUsualAttribute(reader: JsonReader): UsualAttribute {
  const { bytes, view, position } = reader
  const { length } = bytes
  const keyStart = position + openingBytes
  if (keyStart > length) return otherAttribute
  if (view.getInt32(position, true) !== opening0 || view.getInt32(position + 4, true) !== opening1)
    return otherAttribute
  const keyEnd = endOfPlain(reader, keyStart)
  const at = keyEnd + betweenBytes
  if (at + stringBytes > length) return otherAttribute
  if (
    view.getInt32(keyEnd, true) !== between0 ||
    view.getInt32(keyEnd + 4, true) !== between1 ||
    view.getInt32(keyEnd + 8, true) !== between2
  )
    return otherAttribute

  const kind = view.getInt32(at, true)
  const next = view.getInt32(at + 4, true)
  let type: UsualAttribute = otherAttribute
  let start = at
  let end = at
  if (
    kind === string0 &&
    next === string1 &&
    view.getInt32(at + 8, true) === string2 &&
    view.getInt16(at + 12, true) === string3
  ) {
    start = at + stringBytes
    end = endOfPlain(reader, start)
    if (bytes[end] !== quote) return otherAttribute
    type = stringAttribute
  } else if (kind === integer0 && next === integer1 && view.getInt16(at + 8, true) === integer2) {
    start = at + integerBytes
    const first = bytes[start] as number
    if (first !== minus && !isDigit(first)) return otherAttribute
    end = endOfNumber(bytes, start)
    type = integerAttribute
  } else return otherAttribute

  const behind = type === stringAttribute ? end + 1 : end
  if (bytes[behind] !== closeObject || bytes[behind + 1] !== closeObject) return otherAttribute
  reader.keyStart = keyStart
  reader.keyEnd = keyEnd
  reader.stringStart = start
  reader.stringEnd = end
  reader.stringEscaped = false
  reader.position = behind + 2
  return type
}

/** Passes an array of attributes, or whatever stands there instead. */
export function skipAttributes(reader: JsonReader): void {
  const { bytes } = reader
  const isArray = peek(reader) === openArray
  const start = reader.position
  reader.position++
  if (!isArray || passUsualAttribute(reader) === otherAttribute) {
    reader.position = endOfValue(reader, start)
    return
  }
  for (;;) {
    let position = reader.position
    if ((bytes[position] as number) <= 0x20) position = skipWhitespace(bytes, position)
    const after = bytes[position]
    reader.position = position + 1
    if (after === closeArray) return
    if (after !== comma) malformedJson(position, 'no comma and no end')
    if (passUsualAttribute(reader) === otherAttribute)
      reader.position = endOfValue(reader, reader.position, 1)
  }
}

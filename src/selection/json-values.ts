import { createTextCache } from '../event/text-cache.ts'
import { stringOf, type Text, textAt } from '../event/utf8-text.ts'
import { idFromText } from './identifier.ts'
import { endOfLiteral, endOfNumber, endOfValue, malformedJson, quote } from './json-grammar.ts'
import type { JsonReader } from './json-reader.ts'
import { passString, peek, unescaped } from './json-reader.ts'

// Values as ProtoJSON writes them, with OTLP's exceptions (hex ids, integer enums). `null` is the default, and passed
// before any of these is called.
// Source: protobuf.dev/programming-guides/json and OTLP specification, "JSON Protobuf Encoding".

const keys = createTextCache(1024, 64)
const maxNumberLength = 400

export function skipValue(reader: JsonReader): void {
  reader.position = endOfValue(reader, reader.position)
}

/** A string as text: where it stands when its bytes are its text. */
export function readTextValue(reader: JsonReader): Text {
  passString(reader)
  return reader.stringEscaped
    ? unescaped(reader)
    : textAt(reader.source, reader.stringStart, reader.stringEnd)
}

export function readText(reader: JsonReader): string {
  return stringOf(readTextValue(reader))
}

/** As `readText`, for the key of an attribute. */
export function readKey(reader: JsonReader): string {
  passString(reader)
  return reader.stringEscaped ? unescaped(reader) : keys(reader, reader.stringStart, reader.stringEnd)
}

/** Key and value of the attribute that `passUsualAttribute` passed. */
export function usualKey(reader: JsonReader): string {
  return keys(reader, reader.keyStart, reader.keyEnd)
}

export function usualText(reader: JsonReader): Text {
  return textAt(reader.source, reader.stringStart, reader.stringEnd)
}

export function usualInteger(reader: JsonReader): number | bigint {
  const end = reader.position
  reader.position = reader.stringStart
  const value = readInt64(reader)
  reader.position = end
  return value
}

/** Lowercase hex of an id of `size` bytes; '' for one that is absent, all zeros or anything else. */
export function readId(reader: JsonReader, size: number): string {
  return idFromText(readText(reader), size)
}

export function readBoolean(reader: JsonReader): boolean {
  const byte = peek(reader)
  if (byte !== 0x74 && byte !== 0x66) malformedJson(reader.position, 'no boolean where the message has one')
  reader.position = endOfLiteral(reader.bytes, reader.position)
  return byte === 0x74
}

/** Base64 of either alphabet, padded or not. */
export function readBytes(reader: JsonReader): Uint8Array {
  const text = readText(reader)
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text))
    malformedJson(reader.position, 'no base64 where the message has bytes')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/**
 * A number while that is exact, else a bigint. An integer beyond int64 becomes the nearest number:
 * opentelemetry-js sends any integral double as `intValue`.
 */
export function readInt64(reader: JsonReader): number | bigint {
  const short = readShortInteger(reader)
  if (short >= 0) return short
  const text = readNumberText(reader)
  const number = numberOf(text)
  if (Number.isSafeInteger(number)) return number + 0
  if (!Number.isInteger(number)) malformedJson(reader.position, 'no integer where the message has one')
  if (!/^-?\d+$/.test(text)) return number
  const exact = BigInt(text)
  return BigInt.asIntN(64, exact) === exact ? exact : number
}

export function readDouble(reader: JsonReader): number {
  const text = readNumberText(reader)
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text)
  const number = numberOf(text)
  if (Number.isNaN(number)) malformedJson(reader.position, 'no number where the message has one')
  return number
}

export function readUint64(reader: JsonReader): bigint {
  const text = readNumberText(reader)
  const integer = /^\d+$/.test(text) ? BigInt(text) : integerOf(numberOf(text))
  if (BigInt.asUintN(64, integer) !== integer)
    malformedJson(reader.position, 'no uint64 where the message has one')
  return integer
}

/** -1 for what is no integer. */
function integerOf(number: number): bigint {
  return Number.isInteger(number) ? BigInt(number) : -1n
}

export function readUint32(reader: JsonReader): number {
  const short = readShortInteger(reader)
  if (short >= 0) return short
  const number = numberOf(readNumberText(reader))
  if (number >>> 0 !== number) malformedJson(reader.position, 'no uint32 where the message has one')
  return number >>> 0
}

/** OTLP has integers only; names are understood all the same, and one that is unknown is 0. */
export function readEnum(reader: JsonReader, names: readonly string[]): number {
  const short = readShortInteger(reader)
  if (short >= 0) return short
  const text = readNumberText(reader)
  const number = numberOf(text)
  if (Number.isNaN(number)) return Math.max(0, names.indexOf(text))
  if ((number | 0) !== number) malformedJson(reader.position, 'no enum where the message has one')
  return number | 0
}

/**
 * Passes an integer of up to 9 digits without a sign and returns it; -1, with nothing passed, for any other.
 * What is read here has been skipped once, so that it is known to be JSON.
 */
function readShortInteger(reader: JsonReader): number {
  peek(reader)
  const { bytes, position } = reader
  let value = 0
  for (let i = position; i < position + 10; i++) {
    const digit = (bytes[i] as number) - 0x30
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      continue
    }
    const isEnd = bytes[i] === 0x2c || bytes[i] === 0x7d || bytes[i] === 0x5d
    if (!isEnd || i === position) return -1
    reader.position = i
    return value
  }
  return -1
}

function numberOf(text: string): number {
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
}

/** The text of a number, which may stand in quotes; bounded, as a bigint of many digits takes long to make. */
function readNumberText(reader: JsonReader): string {
  const isQuoted = peek(reader) === quote
  const start = reader.position
  if (isQuoted) passString(reader)
  else reader.position = endOfNumber(reader.bytes, start)
  if (reader.position - start > maxNumberLength) malformedJson(start, 'number too long')
  if (isQuoted && reader.stringEscaped) return unescaped(reader)
  const quotes = isQuoted ? 1 : 0
  return reader.bytes.toString('latin1', start + quotes, reader.position - quotes)
}

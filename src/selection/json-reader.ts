import type { ByteSource } from '../event/byte-source.ts'
import {
  endOfLiteral,
  endOfPlain,
  endOfString,
  malformedJson,
  quote,
  skipWhitespace,
} from './json-grammar.ts'

/** A place in JSON bytes. */
export interface JsonReader extends ByteSource {
  /** The bytes again, for what outlives the reader. */
  readonly source: ByteSource
  position: number
  /** Inside, without quotes, of the key of the attribute that `passUsualAttribute` passed last. */
  keyStart: number
  keyEnd: number
  /** Inside, without quotes, of the string that `passString` or `passUsualAttribute` passed last. */
  stringStart: number
  stringEnd: number
  /** Whether that string has escapes, so that its bytes are not its text. */
  stringEscaped: boolean
}

/** RFC 8259 section 8.1 lets a receiver ignore a byte order mark; this one does. */
export function createJsonReader(source: ByteSource): JsonReader {
  const { bytes, view } = source
  const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return {
    source,
    bytes,
    view,
    position: hasByteOrderMark ? 3 : 0,
    keyStart: 0,
    keyEnd: 0,
    stringStart: 0,
    stringEnd: 0,
    stringEscaped: false,
  }
}

/** Passes whitespace and returns the byte that follows; 0 at the end. */
export function peek(reader: JsonReader): number {
  const { bytes } = reader
  const byte = bytes[reader.position] as number
  if (byte > 0x20) return byte
  reader.position = skipWhitespace(bytes, reader.position)
  return bytes[reader.position] ?? 0
}

/**
 * Enters an object; true when it has a member, whose key has to be passed next. `null` stands for a message
 * that is absent or empty (ProtoJSON) and is passed as `{}` is.
 */
export function enterObject(reader: JsonReader): boolean {
  return enter(reader, 0x7b, 0x7d, 'no object where the message has one')
}

/** As `enterObject`, for an array and its elements. */
export function enterArray(reader: JsonReader): boolean {
  return enter(reader, 0x5b, 0x5d, 'no array where the message has one')
}

function enter(reader: JsonReader, opening: number, closing: number, otherwise: string): boolean {
  if (passNull(reader)) return false
  if (peek(reader) !== opening) malformedJson(reader.position, otherwise)
  reader.position++
  if (peek(reader) !== closing) return true
  reader.position++
  return false
}

/** Passes what follows a member's value: true before another key, false when the object is passed. */
export function nextMember(reader: JsonReader): boolean {
  return next(reader, 0x7d)
}

export function nextElement(reader: JsonReader): boolean {
  return next(reader, 0x5d)
}

function next(reader: JsonReader, closing: number): boolean {
  const byte = peek(reader)
  if (byte !== 0x2c && byte !== closing) malformedJson(reader.position, 'no comma and no end')
  reader.position++
  return byte === 0x2c
}

/** Passes a key and its colon; `knownKey` and `keyIs` tell which it was. */
export function passKey(reader: JsonReader): void {
  passString(reader)
  if (peek(reader) !== 0x3a) malformedJson(reader.position, 'no colon after a key')
  reader.position++
}

export function passString(reader: JsonReader): void {
  if (peek(reader) !== quote) malformedJson(reader.position, 'no string where one has to be')
  const start = reader.position + 1
  const plainEnd = endOfPlain(reader, start)
  reader.stringEscaped = reader.bytes[plainEnd] !== quote
  const end = reader.stringEscaped ? endOfString(reader, reader.position) : plainEnd + 1
  reader.stringStart = start
  reader.stringEnd = end - 1
  reader.position = end
}

export function passNull(reader: JsonReader): boolean {
  if (peek(reader) !== 0x6e) return false
  reader.position = endOfLiteral(reader.bytes, reader.position)
  return true
}

/** The string passed last. Lone surrogates, which UTF-8 cannot hold, become U+FFFD. */
export function unescaped({ bytes, stringStart, stringEnd }: JsonReader): string {
  const text: string = JSON.parse(bytes.toString('utf8', stringStart - 1, stringEnd + 1))
  return text.toWellFormed()
}

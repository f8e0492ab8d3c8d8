import type { ByteSource } from '../event/byte-source.ts'
import { MalformedOtlpError } from '../event/selected-event.ts'
import type { MessageFields } from './otlp-wire-types.ts'
import {
  fixed32,
  fixed64,
  groupEnd,
  groupStart,
  lengthDelimited,
  unknownField,
  varint,
} from './otlp-wire-types.ts'

/** A place in protobuf bytes. Every read is bounded by the end of the message that it belongs to. */
export interface ProtobufReader extends ByteSource {
  /** The bytes again, for what outlives the reader. */
  readonly source: ByteSource
  position: number
  /** Tag of the field that `nextField` came to: number and wire type. */
  tag: number
  /** Halves of the varint that `readVarint` passed, each unsigned 32 bits. */
  low: number
  high: number
}

/** C++ and Java bound nesting at 100 as well; nobody sends groups in OTLP, which is proto3. */
const maxGroupDepth = 100
const maxFieldNumber = 2 ** 29 - 1

export function createProtobufReader(source: ByteSource): ProtobufReader {
  const { bytes, view } = source
  return { source, bytes, view, position: 0, tag: 0, low: 0, high: 0 }
}

export function malformedProtobuf(reader: ProtobufReader, what: string): never {
  throw new MalformedOtlpError(`Malformed protobuf: ${what} before byte ${reader.position}`)
}

/**
 * Passes the tag of a message's next field and returns its number; `readX` or `skipField` has to follow.
 * Throws MalformedOtlpError when the message defines the field with another wire type.
 */
export function nextField(reader: ProtobufReader, end: number, fields: MessageFields): number {
  const byte = reader.bytes[reader.position] as number
  let tag = byte
  if (byte < 0x80) reader.position++
  else tag = readTag(reader, end)
  reader.tag = tag
  const number = tag >>> 3
  const expected = number < fields.length ? (fields[number] as number) : unknownField
  if (expected !== (tag & 7) && expected !== unknownField) malformedProtobuf(reader, 'wrong wire type')
  if (number === 0) malformedProtobuf(reader, 'field number 0')
  return number
}

/** A set of field numbers, each below 32. */
export function fieldSet(...numbers: readonly number[]): number {
  return numbers.reduce((set, number) => set | (1 << number), 0)
}

/** As `findFieldOf`, for one field; false when the message has no more. */
export function findField(
  reader: ProtobufReader,
  end: number,
  fields: MessageFields,
  wanted: number,
): boolean {
  return findFieldOf(reader, end, fields, 1 << wanted) !== 0
}

/**
 * Passes fields up to the next one of the set `wanted` and returns its number, of which `readX` or `skipField` has to
 * follow; 0 when the message has no more. Fields in their short form are passed here, without the calls that others
 * need: this is where nearly all of the time of a scan goes.
 */
export function findFieldOf(
  reader: ProtobufReader,
  end: number,
  fields: MessageFields,
  wanted: number,
): number {
  const { bytes } = reader
  let position = reader.position
  while (position < end) {
    const tag = bytes[position] as number
    const number = tag >>> 3
    // Beyond the end of the bytes there is undefined, which is not below anything.
    let first = bytes[position + 1] as number
    if (number < fields.length && ((wanted >>> number) & 1) === 0 && fields[number] === (tag & 7)) {
      const wireType = tag & 7
      if (wireType === lengthDelimited && first < 0x80) {
        // Others of the same field mostly follow: the attributes of a span.
        do {
          position += 2 + first
          first = bytes[position + 1] as number
        } while (position < end && bytes[position] === tag && first < 0x80)
        continue
      }
      if (wireType === fixed64) {
        position += 9
        continue
      }
      if (wireType === varint && first < 0x80) {
        position += 2
        continue
      }
    }
    reader.position = position
    const found = nextField(reader, end, fields)
    if (found < 32 && ((wanted >>> found) & 1) === 1) return found
    skipField(reader, end)
    position = reader.position
  }
  reader.position = position
  if (position > end) malformedProtobuf(reader, 'field beyond its message')
  return 0
}

function readTag(reader: ProtobufReader, end: number): number {
  readVarint(reader, end)
  if (reader.high !== 0 || reader.low >>> 3 > maxFieldNumber)
    malformedProtobuf(reader, 'field number too large')
  return reader.low
}

/** Passes a varint of up to 10 bytes and leaves its 64 bits in `low` and `high`. */
export function readVarint(reader: ProtobufReader, end: number): void {
  const { bytes } = reader
  let position = reader.position
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    if (position >= end) malformedProtobuf(reader, 'varint cut off')
    const byte = bytes[position++] as number
    const bits = byte & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift === 28) {
      low |= bits << 28
      high = bits >>> 4
    } else high |= bits << (shift - 32)
    if (byte < 0x80) {
      if (shift === 63 && byte > 1) malformedProtobuf(reader, 'varint over 64 bits')
      reader.position = position
      reader.low = low >>> 0
      reader.high = high >>> 0
      return
    }
  }
  malformedProtobuf(reader, 'varint over 10 bytes')
}

/** Lower 32 bits of a varint, unsigned: what protobuf makes of a uint32 field. */
export function readUint32(reader: ProtobufReader, end: number): number {
  if (reader.position < end) {
    const byte = reader.bytes[reader.position] as number
    if (byte < 0x80) {
      reader.position++
      return byte
    }
  }
  readVarint(reader, end)
  return reader.low
}

/** Passes the length of a string, bytes or message and returns where its content ends. */
export function readContentEnd(reader: ProtobufReader, end: number): number {
  let length = reader.position < end ? (reader.bytes[reader.position] as number) : 0x80
  if (length < 0x80) reader.position++
  else {
    readVarint(reader, end)
    length = reader.high === 0 ? reader.low : Number.POSITIVE_INFINITY
  }
  const contentEnd = reader.position + length
  if (contentEnd > end) malformedProtobuf(reader, 'length beyond its message')
  return contentEnd
}

/**
 * Passes tag and length of the next field if it has this tag and both are in their short form, and returns where
 * its content ends; 0, with nothing passed, for any other. Spares the common shapes the general way.
 */
export function enterShortField(reader: ProtobufReader, end: number, tag: number): number {
  const { bytes, position } = reader
  const length = bytes[position + 1] as number
  const contentEnd = position + 2 + length
  if (bytes[position] !== tag || length >= 0x80 || contentEnd > end) return 0
  reader.position = position + 2
  return contentEnd
}

/** Passes `size` bytes and returns where they start. */
export function readFixed(reader: ProtobufReader, end: number, size: number): number {
  const start = reader.position
  if (end - start < size) malformedProtobuf(reader, 'number cut off')
  reader.position = start + size
  return start
}

/** Passes the content of the field that `nextField` came to. */
export function skipField(reader: ProtobufReader, end: number): void {
  switch (reader.tag & 7) {
    case lengthDelimited:
      reader.position = readContentEnd(reader, end)
      return
    case varint:
      readUint32(reader, end)
      return
    case fixed64:
      readFixed(reader, end, 8)
      return
    case fixed32:
      readFixed(reader, end, 4)
      return
    case groupStart:
      skipGroup(reader, end)
      return
    default:
      malformedProtobuf(reader, 'wire type without a value')
  }
}

const noFields: MessageFields = new Uint8Array()

function skipGroup(reader: ProtobufReader, end: number): void {
  const open = [reader.tag >>> 3]
  while (open.length > 0) {
    if (reader.position >= end) malformedProtobuf(reader, 'group without its end')
    const number = nextField(reader, end, noFields)
    const wireType = reader.tag & 7
    if (wireType === groupStart) {
      if (open.length === maxGroupDepth) malformedProtobuf(reader, 'groups nested too deep')
      open.push(number)
    } else if (wireType === groupEnd) {
      if (open.pop() !== number) malformedProtobuf(reader, 'end of another group')
    } else skipField(reader, end)
  }
}

import { createTextCache } from '../event/text-cache.ts'
import { stringOf, type Text, textAt } from '../event/utf8-text.ts'
import { idFromHex } from './identifier.ts'
import type { ProtobufReader } from './protobuf-reader.ts'
import { readContentEnd, readFixed, readUint32, readVarint } from './protobuf-reader.ts'

const keys = createTextCache(1024, 64)

/** Text of a string field; bytes that are not UTF-8 become U+FFFD. */
export function readText(reader: ProtobufReader, end: number): Text {
  return readTextTo(reader, readContentEnd(reader, end))
}

/** As `readText`, as a string. */
export function readString(reader: ProtobufReader, end: number): string {
  return stringOf(readText(reader, end))
}

/** As `readString`, for the key of an attribute. */
export function readKey(reader: ProtobufReader, end: number): string {
  return readKeyTo(reader, readContentEnd(reader, end))
}

/** As `readText`, with tag and length passed. */
export function readTextTo(reader: ProtobufReader, contentEnd: number): Text {
  const text = textAt(reader.source, reader.position, contentEnd)
  reader.position = contentEnd
  return text
}

/** As `readKey`, with tag and length passed. */
export function readKeyTo(reader: ProtobufReader, contentEnd: number): string {
  const key = keys(reader, reader.position, contentEnd)
  reader.position = contentEnd
  return key
}

/** A copy: the body is reused or freed while its events travel on. */
export function readBytes(reader: ProtobufReader, end: number): Uint8Array {
  const bytesEnd = readContentEnd(reader, end)
  const copy = new Uint8Array(reader.bytes.subarray(reader.position, bytesEnd))
  reader.position = bytesEnd
  return copy
}

/** Lowercase hex of an id of `size` bytes; '' for one that is absent, all zeros or of another size. */
export function readId(reader: ProtobufReader, end: number, size: number): string {
  const idEnd = readContentEnd(reader, end)
  const start = reader.position
  reader.position = idEnd
  return idEnd - start === size ? idFromHex(reader.bytes.toString('hex', start, idEnd)) : ''
}

export function readFixed64(reader: ProtobufReader, end: number): bigint {
  return reader.view.getBigUint64(readFixed(reader, end, 8), true)
}

export function readDouble(reader: ProtobufReader, end: number): number {
  return reader.view.getFloat64(readFixed(reader, end, 8), true)
}

/** Enums are int32: the lower 32 bits, signed. */
export function readEnum(reader: ProtobufReader, end: number): number {
  return readUint32(reader, end) | 0
}

export function readBoolean(reader: ProtobufReader, end: number): boolean {
  readVarint(reader, end)
  return reader.low !== 0 || reader.high !== 0
}

/** A number while that is exact, else a bigint. */
export function readInt64(reader: ProtobufReader, end: number): number | bigint {
  readVarint(reader, end)
  const value = (reader.high | 0) * 2 ** 32 + reader.low
  if (Number.isSafeInteger(value)) return value
  return BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(reader.low))
}

import { InterfaceError } from './exception.ts'
import { type NativeType, parseNativeType } from './native-type.ts'

/** From this revision on, a byte behind each column's type says whether its serialization is a special one. */
const customSerialization = 54_454
/** Field 1: no overflow rows; field 2: bucket -1; end. */
const blockInfo = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0])
const noCustomSerialization = Buffer.from([0])

/**
 * Native as a client reads that named its protocol version: the engine writes it without one, which leaves out the
 * block info and a byte per column. Values stay as they are; only their length is found out.
 * https://clickhouse.com/docs/native-protocol/columns
 * @param chunks each of whole blocks.
 */
export async function* addRevision(
  chunks: AsyncIterable<Uint8Array>,
  revision: number,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let offset = 0; offset < bytes.length; ) {
      const cursor = { bytes, offset }
      const parts = rewriteBlock(cursor, revision)
      yield Buffer.concat(parts)
      offset = cursor.offset
    }
  }
}

interface Cursor {
  readonly bytes: Buffer
  offset: number
}

function rewriteBlock(cursor: Cursor, revision: number): Buffer[] {
  const parts: Buffer[] = [blockInfo]
  let copied = cursor.offset
  const columns = readVarint(cursor)
  const rows = readVarint(cursor)
  for (let column = 0; column < columns; column++) {
    readText(cursor)
    const type = parseNativeType(readText(cursor))
    if (revision >= customSerialization) {
      parts.push(cursor.bytes.subarray(copied, cursor.offset), noCustomSerialization)
      copied = cursor.offset
    }
    if (rows === 0) continue
    skipPrefix(cursor, type)
    skipValues(cursor, type, rows)
  }
  if (cursor.offset > cursor.bytes.length) throw cutOff()
  parts.push(cursor.bytes.subarray(copied, cursor.offset))
  return parts
}

/** What stands in front of all values of a column: the version of every dictionary in its type. */
function skipPrefix(cursor: Cursor, type: NativeType): void {
  if (type.kind === 'lowCardinality') cursor.offset += 8
  else if (type.kind === 'tuple') for (const element of type.of) skipPrefix(cursor, element)
  else if (type.kind === 'array' || type.kind === 'nullable') skipPrefix(cursor, type.of)
}

function skipValues(cursor: Cursor, type: NativeType, rows: number): void {
  switch (type.kind) {
    case 'fixed':
      cursor.offset += rows * type.bytes
      return
    case 'string':
      for (let row = 0; row < rows; row++) {
        const length = readVarint(cursor)
        cursor.offset += length
      }
      return
    case 'nullable':
      cursor.offset += rows
      skipValues(cursor, type.of, rows)
      return
    case 'tuple':
      for (const element of type.of) skipValues(cursor, element, rows)
      return
    case 'array':
      if (rows === 0) return
      cursor.offset += rows * 8
      skipValues(cursor, type.of, Number(readUInt64(cursor, cursor.offset - 8)))
      return
    case 'lowCardinality':
      skipDictionary(cursor, type.of, rows)
  }
}

const additionalKeys = 1n << 9n

/** Parts of a dictionary, its new keys, and an index for each row, until all rows had one. */
function skipDictionary(cursor: Cursor, of: NativeType, rows: number): void {
  const keyType = of.kind === 'nullable' ? of.of : of
  for (let left = rows; left > 0; ) {
    const flags = take64(cursor)
    if ((flags & additionalKeys) !== 0n) skipValues(cursor, keyType, Number(take64(cursor)))
    const indexes = Number(take64(cursor))
    cursor.offset += indexes * 2 ** Number(flags & 0xffn)
    left -= indexes
    if (indexes === 0) throw cutOff()
  }
}

function take64(cursor: Cursor): bigint {
  cursor.offset += 8
  return readUInt64(cursor, cursor.offset - 8)
}

function readUInt64(cursor: Cursor, offset: number): bigint {
  if (offset + 8 > cursor.bytes.length) throw cutOff()
  return cursor.bytes.readBigUInt64LE(offset)
}

function readText(cursor: Cursor): string {
  const length = readVarint(cursor)
  cursor.offset += length
  return cursor.bytes.toString('utf8', cursor.offset - length, cursor.offset)
}

function readVarint(cursor: Cursor): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[cursor.offset++]
    if (byte === undefined) throw cutOff()
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}

function cutOff(): InterfaceError {
  return new InterfaceError('UNKNOWN_EXCEPTION', 'The engine gave a Native block that ends too early.')
}

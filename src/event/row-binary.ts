import { writeAscii } from './ascii.ts'
import { type ByteSource, copyBytes, createByteSource } from './byte-source.ts'
import { namedTexts, rememberLists } from './named-texts.ts'
import type { Text, Utf8Text } from './utf8-text.ts'

/**
 * ClickHouse's RowBinary format, the part that the tables here use: no header, values in column order, little
 * endian, text and maps prefixed with their length as LEB128.
 * Source: https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
export type ColumnType =
  | 'UUID'
  | "DateTime64(3, 'UTC')"
  | 'String'
  | 'LowCardinality(String)'
  | 'Bool'
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Nullable(UInt32)'
  | 'Map(LowCardinality(String), String)'

/** Writes one value of a column's type. */
export type WriteValue = (value: unknown) => void

/** Where rows are written one behind the other; `take` hands out the row that ends here. */
export interface RowWriter {
  /** The function that writes values of a type; asked for once for each column. */
  writerOf(type: ColumnType): WriteValue
  /** Its bytes are not written to again before they are given back. */
  take(): Buffer
  /** Ends the rows taken until now. The function returned gives their memory back, to be called when all are copied. */
  end(): () => void
}

/** Buffers that were given back and wait for other rows: those of an export whose spans all failed. */
const maxSpareSlabs = 8

/** Numbers outside of an integer column are brought to its nearest value: a row is never lost to an odd number. */
function clampInteger(value: unknown, max: number): number {
  const number = typeof value === 'number' ? value : Number(value)
  if (!(number > 0)) return 0
  return number >= max ? max : Math.trunc(number)
}

/** The 16 bytes of a UUID as RowBinary has them: two UInt64, high half first, each little endian. */
export function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.alloc(16)
  writeUuid(uuid, bytes, 0)
  return bytes
}

/** Where the digits of each byte stand in a UUID's text, in RowBinary's order. */
const uuidDigitsAt = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19]
const hexValues = new Int8Array(128).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexValues[digit.charCodeAt(0)] = value
  hexValues[digit.toUpperCase().charCodeAt(0)] = value
}

function writeUuid(uuid: string, target: Buffer, offset: number): void {
  let valid = uuid.length === 36 ? 0 : -1
  for (let i = 0; i < 16; i++) {
    const at = uuidDigitsAt[i] as number
    const byte = ((hexValues[uuid.charCodeAt(at)] ?? -1) << 4) | (hexValues[uuid.charCodeAt(at + 1)] ?? -1)
    valid |= byte
    target[offset + i] = byte
  }
  if (valid < 0) throw new TypeError('not a UUID')
}

/** The text of a UUID from its 16 bytes in RowBinary's order. */
export function uuidText(bytes: Uint8Array): string {
  const copy = Buffer.from(bytes)
  copy.subarray(0, 8).reverse()
  copy.subarray(8, 16).reverse()
  const hex = copy.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Bytes that a length takes as LEB128. */
function varintBytes(length: number): number {
  if (length < 1 << 7) return 1
  if (length < 1 << 14) return 2
  if (length < 1 << 21) return 3
  return length < 1 << 28 ? 4 : 5
}

/** A string up to this length is written in a loop. */
const maxCharsLooped = 48

/** The names of a list as a map's keys are written, each with its length before it. */
const writtenNames = rememberLists(({ names }) =>
  names.map((name) => {
    const bytes = Buffer.from(name)
    const length: number[] = []
    for (let rest = bytes.length; ; rest >>>= 7) {
      if (rest < 0x80) {
        length.push(rest)
        return createByteSource(Buffer.concat([Buffer.from(length), bytes]))
      }
      length.push((rest & 0x7f) | 0x80)
    }
  }),
)

/** @param slabBytes size of the buffers that rows share; a larger row gets one of its own. */
export function createRowWriter(slabBytes = 256 * 1024): RowWriter {
  const spare: ByteSource[] = []
  /** Of the rows since the last end; the last one is written to. */
  let slabs: ByteSource[] = []
  let slab = addSlab(slabBytes)
  let { bytes: buffer, view } = slab
  let start = 0
  let offset = 0

  function addSlab(bytes: number): ByteSource {
    const added =
      (bytes <= slabBytes ? spare.pop() : undefined) ??
      createByteSource(Buffer.allocUnsafeSlow(Math.max(slabBytes, bytes)))
    slabs.push(added)
    return added
  }

  function reserve(bytes: number): void {
    if (offset + bytes <= buffer.length) return
    const rowBytes = offset - start
    slab = addSlab(2 * (rowBytes + bytes))
    buffer.copy(slab.bytes, 0, start, offset)
    buffer = slab.bytes
    view = slab.view
    start = 0
    offset = rowBytes
  }

  function writeLength(length: number): void {
    reserve(5)
    let rest = length
    while (rest >= 0x80) {
      buffer[offset++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[offset++] = rest
  }

  function writeText(text: Text): void {
    if (typeof text === 'string') writeString(text)
    else writeBytes(text)
  }

  function writeBytes({ source, start: from, end }: Utf8Text): void {
    const length = end - from
    reserve(5 + length)
    if (length < 0x80) buffer[offset++] = length
    else writeLength(length)
    copyBytes(source, from, end, slab, offset)
    offset += length
  }

  function writeString(text: string): void {
    if (text.length <= maxCharsLooped) {
      reserve(1 + maxCharsLooped)
      const end = writeAscii(text, buffer, offset + 1)
      if (end !== -1) {
        buffer[offset] = text.length
        offset = end
        return
      }
    }
    // A UTF-16 unit takes at most 3 bytes, so up to 42 of them need one length byte whatever they are.
    if (text.length <= 42) {
      reserve(1 + text.length * 3)
      const length = buffer.write(text, offset + 1, 'utf8')
      buffer[offset] = length
      offset += 1 + length
      return
    }
    // Nearly all text is ASCII: written where it belongs then, and moved where the length takes more bytes.
    reserve(5 + text.length * 3)
    const lengthBytes = varintBytes(text.length)
    const length = buffer.write(text, offset + lengthBytes, 'utf8')
    const actualBytes = varintBytes(length)
    if (actualBytes !== lengthBytes)
      buffer.copyWithin(offset + actualBytes, offset + lengthBytes, offset + lengthBytes + length)
    writeLength(length)
    offset += length
  }

  const writers: Record<ColumnType, WriteValue> = {
    UUID(value) {
      reserve(16)
      writeUuid(value as string, buffer, offset)
      offset += 16
    },
    "DateTime64(3, 'UTC')"(value) {
      reserve(8)
      const ms = Math.trunc(value as number)
      view.setInt32(offset, ms | 0, true)
      view.setInt32(offset + 4, Math.floor(ms / 2 ** 32), true)
      offset += 8
    },
    String: (value) => writeText(value as Text),
    'LowCardinality(String)': (value) => writeText(value as Text),
    Bool(value) {
      reserve(1)
      buffer[offset++] = value ? 1 : 0
    },
    UInt8(value) {
      reserve(1)
      buffer[offset++] = clampInteger(value, 0xff)
    },
    UInt16(value) {
      reserve(2)
      view.setUint16(offset, clampInteger(value, 0xffff), true)
      offset += 2
    },
    UInt32(value) {
      reserve(4)
      view.setUint32(offset, clampInteger(value, 0xffffffff), true)
      offset += 4
    },
    UInt64(value) {
      reserve(8)
      view.setBigUint64(offset, typeof value === 'bigint' ? value : BigInt(value as number), true)
      offset += 8
    },
    'Nullable(UInt32)'(value) {
      reserve(5)
      if (value === null || value === undefined) {
        buffer[offset++] = 1
        return
      }
      buffer[offset++] = 0
      view.setUint32(offset, clampInteger(value, 0xffffffff), true)
      offset += 4
    },
    'Map(LowCardinality(String), String)'(value) {
      const { list, texts } = namedTexts(value as ReadonlyMap<string, Text>)
      const names = writtenNames(list)
      writeLength(texts.length)
      for (let i = 0; i < texts.length; i++) {
        const name = names[i] as ByteSource
        const { length } = name.bytes
        reserve(length)
        copyBytes(name, 0, length, slab, offset)
        offset += length
        writeText(texts[i] as Text)
      }
    },
  }

  return {
    writerOf: (type) => writers[type],
    take() {
      const row = buffer.subarray(start, offset)
      start = offset
      return row
    },
    end() {
      const ended = slabs
      slabs = []
      slab = addSlab(slabBytes)
      buffer = slab.bytes
      view = slab.view
      start = 0
      offset = 0
      return () => {
        for (const each of ended.splice(0)) {
          if (each.bytes.length === slabBytes && spare.length < maxSpareSlabs) spare.push(each)
        }
      }
    },
  }
}

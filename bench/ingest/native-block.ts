/** What a driver is told of the server: any version since 23.3, which brought the serialization byte below. */
export const protocolRevision = 54_460

/** A value of String or UInt32. */
type Cell = string | number

/**
 * One block of ClickHouse's Native format as a server answers a client that named its protocol version: block info,
 * numbers of columns and rows, then each column's name, type, a byte for custom serialization, and its values.
 * Source: https://clickhouse.com/docs/native-protocol/columns
 */
export function nativeBlock(columns: readonly string[], rows: readonly (readonly Cell[])[]): Buffer {
  const parts = [
    Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]),
    varint(columns.length),
    varint(rows.length),
  ]
  for (const [index, name] of columns.entries()) {
    const values = rows.map((row) => row[index] as Cell)
    const type = typeof values[0] === 'number' ? 'UInt32' : 'String'
    parts.push(text(name), text(type), Buffer.from([0]), ...values.map(encode))
  }
  return Buffer.concat(parts)
}

function encode(value: Cell): Buffer {
  if (typeof value === 'string') return text(value)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** Moves past one value and returns where the next one begins. */
type Skip = (bytes: Buffer, at: number) => number

const fixedBytes: Readonly<Record<string, number>> = {
  UUID: 16,
  UInt64: 8,
  UInt32: 4,
  UInt16: 2,
  UInt8: 1,
  Bool: 1,
}

/**
 * Counts the rows of ClickHouse's RowBinary format by walking them.
 * @throws Error for a type that is not known here, and for bytes that end within a row.
 */
export function countRowBinary(bytes: Buffer, types: readonly string[]): number {
  const skips = types.map(skipOf)
  let rows = 0
  let at = 0
  while (at < bytes.length) {
    for (const skip of skips) at = skip(bytes, at)
    rows++
  }
  if (at !== bytes.length) throw new Error('the last row is cut off')
  return rows
}

function skipOf(type: string): Skip {
  if (type === 'String' || type === 'LowCardinality(String)') {
    return (bytes, at) => {
      const { value, next } = readVarint(bytes, at)
      return next + value
    }
  }
  if (type.startsWith('Map(')) {
    const [key = '', value = ''] = type.slice(4, -1).split(', ')
    return skipItems([skipOf(key), skipOf(value)])
  }
  if (type.startsWith('Array(')) return skipItems([skipOf(type.slice(6, -1))])
  const size = type.startsWith('DateTime64(') ? 8 : fixedBytes[type]
  if (size === undefined) throw new Error(`cannot count rows with a ${type}`)
  return (_bytes, at) => at + size
}

function skipItems(parts: readonly Skip[]): Skip {
  return (bytes, start) => {
    const { value, next } = readVarint(bytes, start)
    let at = next
    for (let item = 0; item < value; item++) for (const skip of parts) at = skip(bytes, at)
    return at
  }
}

/** LEB128. */
export function readVarint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0
  let scale = 1
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, next: at + 1 }
    scale *= 128
  }
  throw new Error('a number is cut off')
}

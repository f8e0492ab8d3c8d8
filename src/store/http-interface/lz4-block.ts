/** A block of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md), inflated to exactly `size` bytes. */
export function inflateLz4(block: Buffer, size: number): Buffer {
  const output = Buffer.allocUnsafe(size)
  let read = 0
  let written = 0
  const extended = (nibble: number): number => {
    let length = nibble
    if (nibble === 15) for (let byte = 255; byte === 255; length += byte) byte = next()
    return length
  }
  const next = (): number => {
    const byte = block[read++]
    if (byte === undefined) throw new RangeError('the LZ4 block ends too early')
    return byte
  }
  while (read < block.length) {
    const token = next()
    const literals = extended(token >> 4)
    if (read + literals > block.length || written + literals > size)
      throw new RangeError('the LZ4 block is longer than it says')
    block.copy(output, written, read, read + literals)
    read += literals
    written += literals
    // The last sequence has literals only.
    if (read === block.length) break
    const distance = next() | (next() << 8)
    const length = extended(token & 15) + 4
    if (distance === 0 || distance > written || written + length > size)
      throw new RangeError('the LZ4 block points outside of its data')
    // The match may run into what it is writing.
    for (let index = 0; index < length; index++, written++)
      output[written] = output[written - distance] as number
  }
  if (written !== size) throw new RangeError('the LZ4 block is shorter than it says')
  return output
}

/** The bytes as an LZ4 block of literals alone: any reader takes it, nothing gets smaller. */
export function storeAsLz4(bytes: Uint8Array): Buffer {
  const rest = bytes.length - 15
  if (rest < 0) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes])
  const head = Buffer.alloc(2 + Math.floor(rest / 255), 255)
  head[0] = 15 << 4
  head[head.length - 1] = rest % 255
  return Buffer.concat([head, bytes])
}

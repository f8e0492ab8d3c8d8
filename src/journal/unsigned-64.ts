const high = 2 ** 32

/** Writes a safe, non-negative integer as u64 little-endian, without the cost of a BigInt per record. */
export function writeUnsigned64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % high, offset)
  target.writeUInt32LE(Math.floor(value / high), offset + 4)
}

/** Reads a u64 little-endian; NaN if it is beyond `Number.MAX_SAFE_INTEGER`. */
export function readUnsigned64(source: Buffer, offset: number): number {
  const value = source.readUInt32LE(offset + 4) * high + source.readUInt32LE(offset)
  return Number.isSafeInteger(value) ? value : Number.NaN
}

import { zstdDecompressSync } from 'node:zlib'
import { cityHash128 } from './city-hash.ts'
import { InterfaceError } from './exception.ts'
import { inflateLz4, storeAsLz4 } from './lz4-block.ts'

/**
 * ClickHouse's own compression, `compress=1` and `decompress=1`: blocks of a 16-byte checksum, one byte of method, the
 * size of method, sizes and data, the size of the data inflated, and the data.
 * https://clickhouse.com/docs/native-protocol/compression
 */
const checksumBytes = 16
const headBytes = 9
const methods = { none: 0x02, lz4: 0x82, zstd: 0x90 } as const
const maxBlockBytes = 256 * 2 ** 20
const writtenBlockBytes = 2 ** 20

/** @throws InterfaceError for a block that is damaged, too large or of a method that is not known. */
export async function* inflateBlocks(sent: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of sent) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    for (let end = blockEnd(pending); end !== undefined && pending.length >= end; end = blockEnd(pending)) {
      yield inflateBlock(pending.subarray(0, end))
      pending = pending.subarray(end)
    }
  }
  if (pending.length > 0)
    throw new InterfaceError('CANNOT_DECOMPRESS', 'The last compressed block is cut off.')
}

function blockEnd(bytes: Buffer): number | undefined {
  if (bytes.length < checksumBytes + headBytes) return undefined
  const size = bytes.readUInt32LE(checksumBytes + 1)
  const inflated = bytes.readUInt32LE(checksumBytes + 5)
  if (size < headBytes || size > maxBlockBytes || inflated > maxBlockBytes)
    throw new InterfaceError('CANNOT_DECOMPRESS', 'A compressed block has an impossible size.')
  return checksumBytes + size
}

function inflateBlock(block: Buffer): Buffer {
  const checked = block.subarray(checksumBytes)
  if (!cityHash128(checked).equals(block.subarray(0, checksumBytes)))
    throw new InterfaceError('CHECKSUM_DOESNT_MATCH', 'The checksum of a compressed block does not match.')
  const size = checked.readUInt32LE(5)
  const data = checked.subarray(headBytes)
  try {
    switch (checked[0]) {
      case methods.none:
        return data
      case methods.lz4:
        return inflateLz4(data, size)
      case methods.zstd:
        return zstdDecompressSync(data, { maxOutputLength: size })
    }
  } catch (error) {
    throw new InterfaceError(
      'CANNOT_DECOMPRESS',
      `A compressed block is broken: ${(error as Error).message}.`,
    )
  }
  throw new InterfaceError('CANNOT_DECOMPRESS', `Unknown method of a compressed block: ${checked[0]}.`)
}

/** Blocks that every client can read; on the way to this machine's own clients, size is no matter. */
export async function* writeBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += writtenBlockBytes) {
      const bytes = chunk.subarray(start, start + writtenBlockBytes)
      const data = storeAsLz4(bytes)
      const block = Buffer.alloc(checksumBytes + headBytes + data.length)
      block[checksumBytes] = methods.lz4
      block.writeUInt32LE(headBytes + data.length, checksumBytes + 1)
      block.writeUInt32LE(bytes.length, checksumBytes + 5)
      data.copy(block, checksumBytes + headBytes)
      cityHash128(block.subarray(checksumBytes)).copy(block)
      yield block
    }
  }
}

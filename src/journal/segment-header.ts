import { crc32 } from 'node:zlib'
import { readUnsigned64, writeUnsigned64 } from './unsigned-64.ts'

/*
 * The first block of a segment. It has a block of its own, so that a torn write of frames cannot damage it.
 *
 *    0   8B  magic "OPSJRNL\n"
 *    8  u32  format version          ┐ these three fields keep their place in every format version,
 *   12  u32  its complement          ┘ so that a newer format is told from a flipped bit
 *   16  16B  segment UUID
 *   32  u64  first sequence: every record of the segment has this or a higher one
 *   40  u64  previous end: the highest sequence of earlier segments; their frames beyond it do not count
 *   48  u64  previous acknowledged: sequences up to here are known to have been durable
 *   56  u64  created at, Unix ms
 *   64  u32  CRC-32 of bytes 0 to 63
 *   68       zeros
 */
export const segmentHeaderBytes = 4096
export const formatVersion = 1
const magic = Buffer.from('OPSJRNL\n', 'latin1')
const crcOffset = 64

export interface SegmentHeader {
  readonly uuid: Buffer
  readonly firstSequence: number
  readonly previousEndSequence: number
  readonly previousAcknowledgedSequence: number
  readonly createdAtMs: number
}

export type DecodedSegmentHeader =
  | { readonly status: 'header'; readonly header: SegmentHeader }
  | { readonly status: 'unknown_version'; readonly version: number }
  | { readonly status: 'damaged' }

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const block = Buffer.alloc(segmentHeaderBytes)
  magic.copy(block, 0)
  block.writeUInt32LE(formatVersion, 8)
  block.writeUInt32LE(~formatVersion >>> 0, 12)
  header.uuid.copy(block, 16)
  writeUnsigned64(block, header.firstSequence, 32)
  writeUnsigned64(block, header.previousEndSequence, 40)
  writeUnsigned64(block, header.previousAcknowledgedSequence, 48)
  writeUnsigned64(block, header.createdAtMs, 56)
  block.writeUInt32LE(crc32(block.subarray(0, crcOffset)), crcOffset)
  return block
}

export function decodeSegmentHeader(block: Buffer): DecodedSegmentHeader {
  if (block.length < crcOffset + 4 || block.compare(magic, 0, magic.length, 0, magic.length) !== 0) {
    return { status: 'damaged' }
  }
  const version = block.readUInt32LE(8)
  if (block.readUInt32LE(12) !== ~version >>> 0) return { status: 'damaged' }
  if (version !== formatVersion) return { status: 'unknown_version', version }
  if (crc32(block.subarray(0, crcOffset)) !== block.readUInt32LE(crcOffset)) return { status: 'damaged' }
  const header: SegmentHeader = {
    uuid: Buffer.from(block.subarray(16, 32)),
    firstSequence: readUnsigned64(block, 32),
    previousEndSequence: readUnsigned64(block, 40),
    previousAcknowledgedSequence: readUnsigned64(block, 48),
    createdAtMs: readUnsigned64(block, 56),
  }
  return { status: 'header', header }
}

import { crc32 } from 'node:zlib'
import { readUnsigned64, writeUnsigned64 } from './unsigned-64.ts'

/*
 * One record on disk. Integers are little-endian.
 *
 *    0  u32  CRC-32 of everything after it, payload included
 *    4  u32  magic "OSJF"            ┐
 *    8  u16  frame version           │ the prefix: the same in every frame
 *   10  u16  0                       │ of one segment
 *   12  16B  segment UUID            ┘
 *   28  u64  sequence
 *   36  u64  appended at, Unix ms
 *   44  u32  commit index
 *   48  u32  payload length
 *   52       payload
 *
 * The UUID keeps frames of another segment, and text within payloads, from being taken for frames of this one.
 * The commit index counts the frames of the same group commit before this one. A frame is only written when every
 * earlier commit is durable, so all sequences up to `sequence - 1 - commitIndex` were durable when it was written:
 * recovery can tell a lost record from one that was never acknowledged.
 *
 * Frame version 1 uses CRC-32 (ISO-HDLC, the one of gzip) rather than CRC-32C: Node has it natively at 2.1 GB/s
 * for 2 KB and 4.3 GB/s for 64 KB, where a table-driven CRC-32C in JavaScript measured 0.7 to 1.1 GB/s. Both
 * catch every burst of up to 32 bits and all but 2^-32 of torn sectors.
 */
export const frameHeaderBytes = 52
const frameVersion = 1
const frameMagic = 0x464a534f
const prefixOffset = 4
const prefixBytes = 24

export interface Frame {
  readonly sequence: number
  readonly appendedAtMs: number
  readonly commitIndex: number
  readonly payload: Uint8Array
}

export type DecodedFrame =
  | { readonly status: 'frame'; readonly frame: Frame; readonly bytes: number }
  /** The header is plausible, but the frame goes on beyond the given bytes. */
  | { readonly status: 'incomplete'; readonly bytesNeeded: number }
  | { readonly status: 'invalid' }

const invalid: DecodedFrame = { status: 'invalid' }

/** The 24 bytes at offset 4 of every frame of a segment. */
export function framePrefix(segmentUuid: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUInt32LE(frameMagic, 0)
  prefix.writeUInt16LE(frameVersion, 4)
  segmentUuid.copy(prefix, 8)
  return prefix
}

/** Writes a frame at `offset` of `target`, which must have room for it, and returns the offset after it. */
export function encodeFrame(target: Buffer, offset: number, prefix: Buffer, frame: Frame): number {
  const { payload } = frame
  const end = offset + frameHeaderBytes + payload.length
  prefix.copy(target, offset + prefixOffset)
  writeUnsigned64(target, frame.sequence, offset + 28)
  writeUnsigned64(target, frame.appendedAtMs, offset + 36)
  target.writeUInt32LE(frame.commitIndex, offset + 44)
  target.writeUInt32LE(payload.length, offset + 48)
  target.set(payload, offset + frameHeaderBytes)
  target.writeUInt32LE(crc32(target.subarray(offset + prefixOffset, end)), offset)
  return end
}

/** Reads the frame at `offset` of `source`. The payload is a view of `source`. Allocates nothing by its length. */
export function decodeFrame(source: Buffer, offset: number, prefix: Buffer): DecodedFrame {
  const available = source.length - offset
  if (available < frameHeaderBytes) return { status: 'incomplete', bytesNeeded: frameHeaderBytes }
  if (
    source.compare(prefix, 0, prefixBytes, offset + prefixOffset, offset + prefixOffset + prefixBytes) !== 0
  ) {
    return invalid
  }
  const bytes = frameHeaderBytes + source.readUInt32LE(offset + 48)
  if (available < bytes) return { status: 'incomplete', bytesNeeded: bytes }
  const end = offset + bytes
  if (crc32(source.subarray(offset + prefixOffset, end)) !== source.readUInt32LE(offset)) return invalid
  const sequence = readUnsigned64(source, offset + 28)
  const appendedAtMs = readUnsigned64(source, offset + 36)
  if (Number.isNaN(sequence) || Number.isNaN(appendedAtMs)) return invalid
  const payload = source.subarray(offset + frameHeaderBytes, end)
  return {
    status: 'frame',
    frame: { sequence, appendedAtMs, commitIndex: source.readUInt32LE(offset + 44), payload },
    bytes,
  }
}

/** Offset of the next place at or after `from` where a frame of the segment may begin, -1 if there is none. */
export function findFrameStart(source: Buffer, from: number, prefix: Buffer): number {
  const found = source.indexOf(prefix, from + prefixOffset)
  return found < 0 ? -1 : found - prefixOffset
}

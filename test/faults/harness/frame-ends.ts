import { readFile, writeFile } from 'node:fs/promises'
import { decodeFrame, framePrefix } from '../../../src/journal/frame.ts'
import { decodeSegmentHeader, segmentHeaderBytes } from '../../../src/journal/segment-header.ts'

/** Offsets after each frame of an undamaged segment, the header's end first. @throws Error for a damaged header. */
export async function frameEnds(path: string): Promise<number[]> {
  const bytes = await readFile(path)
  const decoded = decodeSegmentHeader(bytes.subarray(0, segmentHeaderBytes))
  if (decoded.status !== 'header') throw new Error(`${path}: ${decoded.status}`)
  const prefix = framePrefix(decoded.header.uuid)
  const ends = [segmentHeaderBytes]
  for (let offset = segmentHeaderBytes; ; ) {
    const frame = decodeFrame(bytes, offset, prefix)
    if (frame.status !== 'frame') return ends
    offset += frame.bytes
    ends.push(offset)
  }
}

/** Turns one bit of a file. */
export async function flipBit(path: string, bit: number): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bit / 8)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8))
  await writeFile(path, bytes)
}

/** What a commit leaves that the disk took in part: bytes behind the last frame. */
export async function writeGarbage(path: string, offset: number, random: () => number): Promise<void> {
  const bytes = await readFile(path)
  const length = Math.min(1000, bytes.length - offset)
  for (let index = 0; index < length; index++) bytes[offset + index] = Math.floor(random() * 256)
  await writeFile(path, bytes)
}

import type { JournalFile } from './file-system.ts'
import { decodeFrame, type Frame, findFrameStart, frameHeaderBytes } from './frame.ts'

const defaultChunkBytes = 1024 * 1024
const zeros = Buffer.alloc(defaultChunkBytes)

export interface LocatedFrame extends Frame {
  readonly offset: number
  readonly bytes: number
}

export type ScanStep =
  | { readonly kind: 'frames'; readonly frames: readonly LocatedFrame[] }
  /** Bytes that are no frame, followed by a frame. */
  | { readonly kind: 'damage'; readonly offset: number; readonly bytes: number }
  /** No frame follows. `tornBytes` reach to the last byte that is not zero. */
  | { readonly kind: 'end'; readonly offset: number; readonly tornBytes: number }

export interface ScanRange {
  readonly prefix: Buffer
  readonly fromOffset: number
  readonly endOffset: number
  readonly chunkBytes?: number
}

/**
 * Reads the frames of a segment in order, by chunks, and over damage to the next valid frame. What it allocates is
 * bounded by the range, whatever lengths the bytes claim. Payloads are views of a buffer that is not used again.
 */
export async function* scanSegment(file: JournalFile, range: ScanRange): AsyncGenerator<ScanStep> {
  const { prefix, chunkBytes = defaultChunkBytes } = range
  let end = range.endOffset
  let offset = range.fromOffset
  let wantedBytes = chunkBytes
  while (offset < end) {
    const chunk = await readFully(file, offset, Math.min(wantedBytes, end - offset))
    if (chunk.length < Math.min(wantedBytes, end - offset)) end = offset + chunk.length
    const decoded = decodeChunk(chunk, offset, prefix)
    if (decoded.frames.length > 0) yield { kind: 'frames', frames: decoded.frames }
    offset = decoded.offset
    if (decoded.bytesNeeded > 0 && offset + decoded.bytesNeeded <= end) {
      wantedBytes = Math.max(chunkBytes, decoded.bytesNeeded)
      continue
    }
    if (offset >= end) break
    const next = await findNextFrame(file, { prefix, fromOffset: offset + 1, endOffset: end, chunkBytes })
    if (next.status === 'none') {
      const tornBytes = Math.max(0, (await endOfContent(file, offset, end)) - offset)
      yield { kind: 'end', offset, tornBytes }
      return
    }
    yield { kind: 'damage', offset, bytes: next.offset - offset }
    offset = next.offset
    wantedBytes = chunkBytes
  }
  yield { kind: 'end', offset, tornBytes: 0 }
}

/** Reads until the buffer is full or the file ends. */
export async function readFully(file: JournalFile, offset: number, bytes: number): Promise<Buffer> {
  const target = Buffer.allocUnsafeSlow(bytes)
  let filled = 0
  while (filled < bytes) {
    const count = await file.read(target.subarray(filled), offset + filled)
    if (count === 0) break
    filled += count
  }
  return target.subarray(0, filled)
}

/** `bytesNeeded` is 0 where the bytes at `offset` are no frame, else what the frame there needs to be judged. */
function decodeChunk(chunk: Buffer, chunkOffset: number, prefix: Buffer) {
  const frames: LocatedFrame[] = []
  let position = 0
  while (position < chunk.length) {
    const decoded = decodeFrame(chunk, position, prefix)
    if (decoded.status !== 'frame') {
      const bytesNeeded = decoded.status === 'incomplete' ? decoded.bytesNeeded : 0
      return { frames, offset: chunkOffset + position, bytesNeeded }
    }
    frames.push({ ...decoded.frame, offset: chunkOffset + position, bytes: decoded.bytes })
    position += decoded.bytes
  }
  return { frames, offset: chunkOffset + position, bytesNeeded: frameHeaderBytes }
}

type NextFrame = { readonly status: 'found'; readonly offset: number } | { readonly status: 'none' }

async function findNextFrame(file: JournalFile, range: Required<ScanRange>): Promise<NextFrame> {
  const { prefix, endOffset: end } = range
  const chunkBytes = Math.max(range.chunkBytes, 2 * frameHeaderBytes)
  let offset = range.fromOffset
  while (offset < end) {
    const chunk = await readFully(file, offset, Math.min(chunkBytes, end - offset))
    if (chunk.length === 0) break
    for (let at = findFrameStart(chunk, 0, prefix); at >= 0; at = findFrameStart(chunk, at + 1, prefix)) {
      if (await isFrame(file, prefix, offset + at, end)) return { status: 'found', offset: offset + at }
    }
    // A prefix may be cut by the end of the chunk: the next chunk begins before it.
    offset += Math.max(1, chunk.length - frameHeaderBytes)
  }
  return { status: 'none' }
}

async function isFrame(file: JournalFile, prefix: Buffer, offset: number, end: number): Promise<boolean> {
  const header = await readFully(file, offset, Math.min(frameHeaderBytes, end - offset))
  const first = decodeFrame(header, 0, prefix)
  if (first.status !== 'incomplete') return first.status === 'frame'
  if (offset + first.bytesNeeded > end) return false
  return decodeFrame(await readFully(file, offset, first.bytesNeeded), 0, prefix).status === 'frame'
}

/** Offset after the last byte that is not zero, `from` if all are. */
async function endOfContent(file: JournalFile, from: number, end: number): Promise<number> {
  let content = from
  for (let offset = from; offset < end; offset += defaultChunkBytes) {
    const chunk = await readFully(file, offset, Math.min(defaultChunkBytes, end - offset))
    if (chunk.equals(zeros.subarray(0, chunk.length))) continue
    content = offset + chunk.findLastIndex((byte) => byte !== 0) + 1
  }
  return content
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { JournalFile } from './file-system.ts'
import type { JournalState } from './journal-state.ts'
import { type ActiveSegment, createSegment } from './segment.ts'
import { encodeSegmentHeader } from './segment-header.ts'
import { segmentName, spareName } from './segment-name.ts'

/** Synced piece by piece, so that a commit's fdatasync never waits for all zeros of the next segment. */
const zeros = Buffer.alloc(1024 * 1024)

/** A file of zeros on disk that has no place in the journal yet. */
export interface SpareSegment {
  readonly uuid: Buffer
  readonly path: string
  readonly file: JournalFile
}

/** Creates and fills a file. Rejects with the system's error, having removed what it had created. */
export async function createSpare(state: JournalState): Promise<SpareSegment> {
  const uuid = randomBytes(16)
  const path = join(state.directory, spareName(uuid))
  const file = await state.fileSystem.open(path, 'create')
  const spare = { uuid, path, file }
  try {
    for (let offset = 0; offset < state.segmentBytes; offset += zeros.length) {
      await writeWhole(file, zeros.subarray(0, Math.min(zeros.length, state.segmentBytes - offset)), offset)
      await file.datasync()
    }
    return spare
  } catch (error) {
    await discardSpare(state, spare)
    throw error
  }
}

/** Best effort: what stays behind is deleted when the journal is next opened. */
export async function discardSpare(state: JournalState, spare: SpareSegment): Promise<void> {
  await spare.file.close().catch(() => {})
  await state.fileSystem.unlink(spare.path).catch(() => {})
}

/**
 * Makes the spare the segment that begins with `state.nextSequence`, durably, directory entry included. Rejects with
 * the system's error; the sequence is then used up, so that no two segments ever begin with the same one.
 */
export async function activateSpare(state: JournalState, spare: SpareSegment): Promise<ActiveSegment> {
  const { directory, fileSystem } = state
  const firstSequence = state.nextSequence
  const createdAtMs = Math.max(0, Math.floor(state.now()))
  const name = segmentName(firstSequence, spare.uuid)
  const segment = createSegment({
    directory,
    name,
    uuid: spare.uuid,
    firstSequence,
    createdAtMs,
    endBytes: 0,
    fileBytes: state.segmentBytes,
  })
  const header = encodeSegmentHeader({
    uuid: spare.uuid,
    firstSequence,
    previousEndSequence: state.durableSequence,
    previousAcknowledgedSequence: state.acknowledgedSequence,
    createdAtMs,
  })
  try {
    await writeWhole(spare.file, header, 0)
    await spare.file.datasync()
    await fileSystem.rename(spare.path, segment.path)
    await fileSystem.syncDirectory(directory)
  } catch (error) {
    state.nextSequence++
    await discardSpare(state, spare)
    await fileSystem.unlink(segment.path).catch(() => {})
    throw error
  }
  segment.endBytes = header.length
  return { segment, file: spare.file }
}

/** Rejects with ENOSPC on a short write: it is how a full disk shows itself. */
async function writeWhole(file: JournalFile, bytes: Uint8Array, position: number): Promise<void> {
  const written = await file.write(bytes, position)
  if (written === bytes.length) return
  throw Object.assign(new Error(`wrote ${written} of ${bytes.length} bytes`), { code: 'ENOSPC' })
}

import { freeBytes } from '../event/free-bytes.ts'
import { errorCode, type JournalFile } from './file-system.ts'
import type { JournalState } from './journal-state.ts'
import { quarantineDamage } from './quarantine.ts'
import { salvagingFile } from './salvaging-file.ts'
import { type LocatedFrame, scanSegment } from './scan-segment.ts'
import type { Segment } from './segment.ts'
import { segmentHeaderBytes } from './segment-header.ts'
import type { JournalRecord } from './tail-cache.ts'

export interface ReadLimits {
  readonly maxRecords: number
  /** Of payloads. One record is returned even if it is larger. */
  readonly maxBytes: number
}

interface Batch {
  readonly records: JournalRecord[]
  /** False when the batch has no room for the record, which is then not in it. */
  take(record: JournalRecord): boolean
}

/** Durable records beyond the sequence, in order; [] if there are none. Rejects if the disk cannot be read. */
export async function readRecords(
  state: JournalState,
  after: number,
  limits: ReadLimits,
): Promise<readonly JournalRecord[]> {
  const batch = createBatch(limits)
  let position = after
  while (true) {
    if (state.cache.covers(position)) {
      state.cache.forEachAfter(position, batch.take)
      return batch.records
    }
    const segment = state.segments.find(({ lastSequence }) => lastSequence > position)
    if (segment === undefined) return batch.records
    const end = segment.lastSequence
    const full = await readSegment(state, segment, position, end, batch)
    if (full) return batch.records
    position = end
  }
}

function createBatch({ maxRecords, maxBytes }: ReadLimits): Batch {
  const records: JournalRecord[] = []
  let bytes = 0
  return {
    records,
    take(record) {
      const fits = records.length < maxRecords && bytes + record.payload.length <= maxBytes
      if (!fits && (records.length > 0 || maxRecords < 1)) return false
      records.push(record)
      bytes += record.payload.length
      return true
    },
  }
}

/** Adds the segment's records beyond `after`, up to `end`. True if the batch became full before its end. */
async function readSegment(
  state: JournalState,
  segment: Segment,
  after: number,
  end: number,
  batch: Batch,
): Promise<boolean> {
  const lost = () => countGap(state, segment, Math.max(after + 1, segment.firstSequence), end)
  let file: JournalFile
  try {
    file = await state.fileSystem.open(segment.path, 'read')
  } catch (error) {
    // Released meanwhile, or else its file is gone for good.
    const gone = errorCode(error) === 'ENOENT'
    if (!gone && batch.records.length > 0) return true
    if (!gone) bearReadFailure(state, segment, error)
    if (!gone || state.segments.includes(segment)) lost()
    return false
  }
  try {
    const readable = segment.givenUp ? salvagingFile(file) : file
    const full = await readFrames(state, segment, readable, after, end, batch)
    segment.readFailures = undefined
    return full
  } catch (error) {
    // What came before the bad place is delivered first.
    if (batch.records.length > 0) return true
    bearReadFailure(state, segment, error)
    return await readFrames(state, segment, salvagingFile(file), after, end, batch)
  } finally {
    await file.close().catch(() => {})
  }
}

async function readFrames(
  state: JournalState,
  segment: Segment,
  file: JournalFile,
  after: number,
  end: number,
  batch: Batch,
): Promise<boolean> {
  const fromOffset = segment.index.floor(after + 1)?.offset ?? segmentHeaderBytes
  let previous = Math.max(after, segment.firstSequence - 1)
  for await (const step of scanSegment(file, {
    prefix: segment.prefix,
    fromOffset,
    endOffset: segment.endBytes,
  })) {
    if (step.kind === 'damage') await quarantineDamage(state, segment, file, step.offset, step.bytes)
    if (step.kind === 'end' && step.tornBytes > 0 && previous < end) {
      await quarantineDamage(state, segment, file, step.offset, step.tornBytes)
    }
    if (step.kind !== 'frames') continue
    indexFrames(segment, step.frames)
    const { lastTaken, full } = takeFrames(state, segment, step.frames, previous, end, batch)
    lendPage(state, step.frames, lastTaken > previous ? lastTaken : undefined)
    if (full) return true
    previous = lastTaken
    if (previous >= end) return false
  }
  countGap(state, segment, previous + 1, end)
  return false
}

/** Adds the frames beyond `after`, up to `end`; `full` when the batch had no room for one. */
function takeFrames(
  state: JournalState,
  segment: Segment,
  frames: readonly LocatedFrame[],
  after: number,
  end: number,
  batch: Batch,
): { lastTaken: number; full: boolean } {
  let lastTaken = after
  for (const frame of frames) {
    if (frame.sequence <= lastTaken) continue
    if (frame.sequence > end) break
    // Known for all but a segment that could not be read when the journal was opened.
    const acknowledged = frame.sequence - 1 - frame.commitIndex
    segment.acknowledgedSequence = Math.max(segment.acknowledgedSequence, acknowledged)
    countGap(state, segment, lastTaken + 1, frame.sequence - 1)
    if (!batch.take(toRecord(frame))) return { lastTaken, full: true }
    lastTaken = frame.sequence
  }
  return { lastTaken, full: false }
}

/** All frames of a step are cut from one page, which nobody needs who has none of them. */
function lendPage(
  state: JournalState,
  [first]: readonly LocatedFrame[],
  lastTaken: number | undefined,
): void {
  if (first === undefined) return
  const giveBack = (): void => freeBytes(first.payload)
  if (lastTaken === undefined) giveBack()
  else state.lent.lend(giveBack, lastTaken)
}

function indexFrames(segment: Segment, frames: readonly LocatedFrame[]): void {
  for (const { sequence, offset, appendedAtMs } of frames) segment.index.add(sequence, offset, appendedAtMs)
}

function toRecord({ sequence, payload, appendedAtMs }: LocatedFrame): JournalRecord {
  return { sequence, payload, appendedAtMs }
}

/** Reports sequences that are missing although they were acknowledged, each once. */
export function countGap(state: JournalState, segment: Segment, from: number, to: number): void {
  const firstSequence = Math.max(from, segment.gapsCountedTo + 1)
  const lastSequence = Math.min(to, segment.acknowledgedSequence)
  if (firstSequence > lastSequence) return
  segment.gapsCountedTo = lastSequence
  state.counters.sequenceGaps += lastSequence - firstSequence + 1
  state.alarm({ code: 'sequence_gap', segment: segment.name, firstSequence, lastSequence })
}

/** Failures are also counted, so that a wall clock that is set does not end the patience. */
const minReadFailures = 10

/**
 * Takes down that the segment could not be read. Returns when that has been so for too long: delivery must not stand
 * still for ever behind one bad place. What can be read is then delivered, the rest is counted as lost, and the file
 * is put into quarantine when it is released, for better tools.
 * @throws the error itself before.
 */
function bearReadFailure(state: JournalState, segment: Segment, error: unknown): void {
  const cause = errorCode(error)
  const failures = segment.readFailures ?? { count: 0, sinceMs: state.now() }
  failures.count++
  segment.readFailures = failures
  if (segment.givenUp) return
  if (failures.count < minReadFailures || state.now() - failures.sinceMs < state.readPatienceMs) {
    state.alarm({ code: 'read_failed', segment: segment.name, cause })
    throw error
  }
  segment.givenUp = true
  state.alarm({ code: 'segment_given_up', segment: segment.name, cause })
}

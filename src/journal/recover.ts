import { join } from 'node:path'
import { errorCode, type JournalFile } from './file-system.ts'
import { frameHeaderBytes } from './frame.ts'
import type { JournalState } from './journal-state.ts'
import { quarantineDamage } from './quarantine.ts'
import { countGap } from './read-records.ts'
import { type FoundSegment, findSegments } from './read-segment-header.ts'
import { scanSegment } from './scan-segment.ts'
import { createSegment, recordsAfter, type Segment } from './segment.ts'
import { segmentHeaderBytes } from './segment-header.ts'
import { isSpareName, parseSegmentName } from './segment-name.ts'

/** What was found on disk when the journal was opened. */
export interface RecoveryReport {
  readonly segments: number
  /** By the segments' sequences: damage in segments that were not scanned is found when they are read. */
  readonly records: number
  readonly nextSequence: number
  /** Cut off the end of the newest segment: a commit that was not acknowledged. */
  readonly tornBytes: number
  readonly quarantinedFrames: number
  readonly quarantinedBytes: number
  /** Records that were acknowledged and are gone. */
  readonly sequenceGaps: number
  readonly damagedHeaders: number
  /** Files that are not the journal's; they are left alone. */
  readonly strayFiles: readonly string[]
  readonly durationMs: number
}

/**
 * Fills `state.segments` and its sequences from the directory. Only the newest segment is scanned as a whole, and
 * one whose successor's header is damaged; of the others the successor's header says where they end, and their
 * frames are checked when they are read. So opening takes the time of one segment, whatever the journal holds.
 * Throws JournalVersionError, and the system's error if the directory cannot be listed.
 */
export async function recoverSegments(state: JournalState): Promise<RecoveryReport> {
  const startedAtMs = performance.now()
  const { directory, fileSystem } = state
  const names = await fileSystem.list(directory)
  const found = await findSegments(fileSystem, directory, names)
  for (const name of names.filter(isSpareName)) await fileSystem.unlink(join(directory, name)).catch(() => {})

  let tornBytes = 0
  for (const [index, file] of found.entries()) {
    const fileBytes = file.cause === undefined ? file.fileBytes : state.segmentBytes
    const createdAtMs = file.header?.createdAtMs ?? 0
    const segment = createSegment({ directory, ...file, createdAtMs, endBytes: fileBytes, fileBytes })
    state.segments.push(segment)
    reportHeader(state, file)
    const next = found[index + 1]
    if (next?.header !== undefined) {
      segment.lastSequence = next.header.previousEndSequence
      segment.acknowledgedSequence = next.header.previousAcknowledgedSequence
    } else {
      tornBytes += await surveySegment(state, segment, file, next?.firstSequence)
    }
    state.durableSequence = Math.max(state.durableSequence, segment.lastSequence)
    state.acknowledgedSequence = Math.max(state.acknowledgedSequence, segment.acknowledgedSequence)
    state.nextSequence = Math.max(state.nextSequence, state.durableSequence + 1, file.firstSequence + 1)
  }
  // A torn tail may, after damage, have been a record that was read before: its sequence is not given out again.
  if (tornBytes > 0) state.nextSequence += 1 + Math.floor(tornBytes / frameHeaderBytes)
  return {
    segments: found.length,
    records: state.segments.reduce((sum, segment) => sum + recordsAfter(segment, 0), 0),
    nextSequence: state.nextSequence,
    tornBytes,
    quarantinedFrames: state.counters.quarantinedFrames,
    quarantinedBytes: state.counters.quarantinedBytes,
    sequenceGaps: state.counters.sequenceGaps,
    damagedHeaders: found.filter((file) => file.header === undefined && file.cause === undefined).length,
    strayFiles: names.filter((name) => !isSpareName(name) && parseSegmentName(name) === undefined),
    durationMs: performance.now() - startedAtMs,
  }
}

function reportHeader(state: JournalState, { name, header, cause }: FoundSegment): void {
  if (cause !== undefined) state.alarm({ code: 'segment_unreadable', segment: name, cause })
  else if (header === undefined) state.alarm({ code: 'segment_header_damaged', segment: name })
}

/**
 * Scans a segment whose end is not known. Returns the bytes of its torn tail, which it cuts off the newest one.
 * @param nextFirstSequence undefined for the newest.
 */
async function surveySegment(
  state: JournalState,
  segment: Segment,
  found: FoundSegment,
  nextFirstSequence: number | undefined,
): Promise<number> {
  const newest = nextFirstSequence === undefined
  const previousAcknowledged = found.header?.previousAcknowledgedSequence ?? 0
  try {
    const file = await state.fileSystem.open(segment.path, newest ? 'update' : 'read')
    try {
      const survey = await scanWhole(state, segment, file)
      segment.lastSequence = Math.max(survey.lastSequence, segment.firstSequence - 1)
      segment.acknowledgedSequence = Math.max(survey.acknowledgedSequence, previousAcknowledged)
      segment.endBytes = survey.endOffset
      for (const [from, to] of survey.gaps) countGap(state, segment, from, to)
      if (newest) await cutTail(state, segment, file)
      return survey.tornBytes
    } finally {
      await file.close().catch(() => {})
    }
  } catch (error) {
    // Its records may be readable later: the sequences that it can hold stay reserved, but for those of the next one.
    const most = segment.firstSequence + Math.floor(segment.fileBytes / frameHeaderBytes)
    segment.lastSequence = newest ? most : Math.min(most, nextFirstSequence - 1)
    segment.acknowledgedSequence = previousAcknowledged
    state.alarm({ code: 'segment_unreadable', segment: segment.name, cause: errorCode(error) })
    return 0
  }
}

async function scanWhole(state: JournalState, segment: Segment, file: JournalFile) {
  const gaps: [from: number, to: number][] = []
  let lastSequence = segment.firstSequence - 1
  let acknowledgedSequence = 0
  let endOffset = segmentHeaderBytes
  let tornBytes = 0
  const range = { prefix: segment.prefix, fromOffset: segmentHeaderBytes, endOffset: segment.fileBytes }
  for await (const step of scanSegment(file, range)) {
    if (step.kind === 'damage') await quarantineDamage(state, segment, file, step.offset, step.bytes)
    if (step.kind === 'end') tornBytes = step.tornBytes
    if (step.kind !== 'frames') continue
    for (const frame of step.frames) {
      endOffset = frame.offset + frame.bytes
      if (frame.sequence <= lastSequence) continue
      if (frame.sequence > lastSequence + 1) gaps.push([lastSequence + 1, frame.sequence - 1])
      lastSequence = frame.sequence
      acknowledgedSequence = Math.max(acknowledgedSequence, frame.sequence - 1 - frame.commitIndex)
      segment.index.add(frame.sequence, frame.offset, frame.appendedAtMs)
    }
  }
  return { lastSequence, acknowledgedSequence, endOffset, tornBytes, gaps }
}

/**
 * Cuts what follows the last frame, and syncs: after a kill the frames before may so far only be in the page cache.
 * If this fails, the header of the next segment still says where this one ends.
 */
async function cutTail(state: JournalState, segment: Segment, file: JournalFile): Promise<void> {
  try {
    if (segment.fileBytes > segment.endBytes) {
      await file.truncate(segment.endBytes)
      segment.fileBytes = segment.endBytes
    }
    await file.datasync()
  } catch (error) {
    state.alarm({ code: 'recovery_sync_failed', segment: segment.name, cause: errorCode(error) })
  }
}

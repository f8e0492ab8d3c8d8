import { dirname } from 'node:path'
import { guardAlarm } from './alarm.ts'
import { nodeFileSystem } from './file-system.ts'
import { type AppendResult, createGroupCommit, type GroupCommit } from './group-commit.ts'
import { checkJournalOptions, type JournalOptions } from './journal-options.ts'
import { createCounters, type JournalState } from './journal-state.ts'
import { type JournalStats, journalStats } from './journal-stats.ts'
import { createLentBytes } from './lent-bytes.ts'
import { type ReadLimits, readRecords } from './read-records.ts'
import { createRecordWaiters } from './record-waiters.ts'
import { type RecoveryReport, recoverSegments } from './recover.ts'
import { deleteReleased } from './release.ts'
import { createSegmentRotation, type SegmentRotation } from './segment-rotation.ts'
import { createTailCache, type JournalRecord } from './tail-cache.ts'

export type { JournalAlarm } from './alarm.ts'
export type { AppendRefusal, AppendResult } from './group-commit.ts'
export type { JournalOptions } from './journal-options.ts'
export type { JournalStats } from './journal-stats.ts'
export type { ReadLimits } from './read-records.ts'
export { JournalVersionError } from './read-segment-header.ts'
export type { RecoveryReport } from './recover.ts'
export type { JournalRecord } from './tail-cache.ts'

const defaultCachedBytes = 32 * 1024 * 1024
const defaultReadPatienceMs = 60_000

export interface Journal {
  /**
   * Resolves to `durable` after the fdatasync of the commit that the record is in, or says why it was not taken.
   * Never rejects. The payload must not change until then. Sequences increase, but may skip numbers.
   */
  append(payload: Uint8Array): Promise<AppendResult>
  /**
   * Durable records beyond the sequence, in order; 0 reads from the first. Payloads are views of shared memory until
   * the record is released. Rejects with the system's error if the disk cannot be read, until that has been so for
   * `readPatienceMs`: then goes over what cannot be read, which is counted as lost.
   */
  read(after: number, limits: ReadLimits): Promise<readonly JournalRecord[]>
  /** Resolves when there is a durable record beyond the sequence, after the timeout, or on close. */
  waitForRecords(after: number, timeoutMs: number): Promise<void>
  /** Says that all records up to the sequence are stored elsewhere: segments that hold no other are deleted. */
  release(upTo: number): Promise<void>
  stats(): JournalStats
  /** Commits what waits, then closes the files. May be called again. */
  close(): Promise<void>
}

/**
 * Opens the journal in the directory, which is created if need be. The caller holds the directory's lock
 * (`directory-lock.ts`). A disk that refuses a new segment does not keep the journal from opening: appends are
 * refused until it works. Throws RangeError for options that contradict each other, JournalVersionError, and the
 * system's error if the directory can be neither created nor listed.
 */
export async function openJournal(
  options: JournalOptions,
): Promise<{ journal: Journal; recovery: RecoveryReport }> {
  checkJournalOptions(options)
  const state = createState(options)
  await state.fileSystem.makeDirectory(options.directory)
  await state.fileSystem.syncDirectory(dirname(options.directory)).catch(() => {})
  const recovery = await recoverSegments(state)
  state.cache = createTailCache(
    options.maxCachedBytes ?? defaultCachedBytes,
    state.durableSequence,
    state.lent,
  )
  const rotation = createSegmentRotation(state)
  await rotation.roomFor(0)
  return { journal: createJournal(state, rotation, options), recovery }
}

function createState(options: JournalOptions): JournalState {
  const lent = createLentBytes()
  return {
    directory: options.directory,
    segmentBytes: options.segmentBytes,
    maxBytes: options.maxBytes,
    minFreeDiskBytes: options.minFreeDiskBytes,
    readPatienceMs: options.readPatienceMs ?? defaultReadPatienceMs,
    fileSystem: options.fileSystem ?? nodeFileSystem,
    now: options.now ?? Date.now,
    alarm: guardAlarm(options.onAlarm),
    cache: createTailCache(0, 0, lent),
    lent,
    segments: [],
    active: undefined,
    refusal: undefined,
    nextSequence: (options.deliveredSequence ?? 0) + 1,
    durableSequence: 0,
    acknowledgedSequence: 0,
    releasedSequence: 0,
    counters: createCounters(),
  }
}

function createJournal(state: JournalState, rotation: SegmentRotation, options: JournalOptions): Journal {
  const waiters = createRecordWaiters()
  const limits = { ...options, maxSpareBytes: (options.maxCachedBytes ?? defaultCachedBytes) / 2 }
  const commits = createGroupCommit(state, rotation, limits, () => waiters.wake(state.durableSequence))
  let closing: Promise<void> | undefined
  return {
    append: commits.append,
    read: (after, limits) => readRecords(state, after, limits),
    waitForRecords: async (after, timeoutMs) => {
      if (state.durableSequence <= after) await waiters.wait(after, timeoutMs)
    },
    release: async (upTo) => {
      state.releasedSequence = Math.max(state.releasedSequence, Math.min(upTo, state.durableSequence))
      state.cache.dropThrough(state.releasedSequence)
      state.lent.takeBack(state.releasedSequence)
      await deleteReleased(state)
    },
    stats: () => journalStats(state, commits.queuedBytes(), rotation.spareBytes()),
    close: () => {
      closing ??= closeFiles(state, commits, rotation).finally(waiters.close)
      return closing
    },
  }
}

async function closeFiles(
  state: JournalState,
  commits: GroupCommit,
  rotation: SegmentRotation,
): Promise<void> {
  await commits.close()
  await rotation.close()
  const { active } = state
  state.active = undefined
  if (active === undefined) return
  // Gives the preallocated rest back; the next start would do it otherwise.
  await active.file.truncate(active.segment.endBytes).catch(() => {})
  await active.file.close().catch(() => {})
}

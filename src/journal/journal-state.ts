import type { RaiseAlarm } from './alarm.ts'
import type { JournalFileSystem } from './file-system.ts'
import type { LentBytes } from './lent-bytes.ts'
import type { ActiveSegment, Segment } from './segment.ts'
import type { RoomReason } from './segment-rotation.ts'
import type { TailCache } from './tail-cache.ts'

/** What the parts of one open journal share. */
export interface JournalState {
  readonly directory: string
  readonly segmentBytes: number
  readonly maxBytes: number
  readonly minFreeDiskBytes: number
  readonly readPatienceMs: number
  readonly fileSystem: JournalFileSystem
  readonly now: () => number
  readonly alarm: RaiseAlarm
  cache: TailCache
  readonly lent: LentBytes
  /** In order of their sequences; the last one is the newest. */
  segments: Segment[]
  /** Undefined after a failure until a new segment could be created. */
  active: ActiveSegment | undefined
  /** The last time that records were refused for want of room; undefined once some are taken again. */
  refusal: { readonly reason: RoomReason; readonly atMs: number } | undefined
  /** The next to be given out. A failed commit's sequences are not used again. */
  nextSequence: number
  /** Highest sequence that `read` may return. */
  durableSequence: number
  acknowledgedSequence: number
  releasedSequence: number
  readonly counters: JournalCounters
}

export interface JournalCounters {
  commits: number
  /** Time spent in write and fdatasync. */
  commitSeconds: number
  failedCommits: number
  poisonedSegments: number
  quarantinedFrames: number
  quarantinedBytes: number
  /** Records that were acknowledged and are gone. */
  sequenceGaps: number
}

export function createCounters(): JournalCounters {
  return {
    commits: 0,
    commitSeconds: 0,
    failedCommits: 0,
    poisonedSegments: 0,
    quarantinedFrames: 0,
    quarantinedBytes: 0,
    sequenceGaps: 0,
  }
}

import type { JournalCounters, JournalState } from './journal-state.ts'
import { recordsAfter } from './segment.ts'
import { segmentHeaderBytes } from './segment-header.ts'
import type { RoomReason } from './segment-rotation.ts'

export interface JournalStats extends JournalCounters {
  readonly segments: number
  /** Durable and not released. */
  readonly records: number
  /** Frames in live segments, those released with a segment that is still needed included. */
  readonly bytes: number
  /** Files of segments, the spare included: what the cap is held against. */
  readonly diskBytes: number
  readonly queuedBytes: number
  /** Unix ms of the oldest record that is not released, undefined if there is none; at most too early. */
  readonly oldestAppendedAtMs: number | undefined
  /** Of the oldest record that is not released; `nextSequence` if there is none. */
  readonly firstSequence: number
  readonly nextSequence: number
  readonly durableSequence: number
  readonly releasedSequence: number
  /** False while there is no segment to append to. */
  readonly writable: boolean
  /** Why records were refused within the last half minute, undefined if none were or some were taken since. */
  readonly refusing: RoomReason | undefined
}

/** Senders come again within so long; while none comes, nobody is refused. */
const refusalAgeMs = 30_000

export function journalStats(state: JournalState, queuedBytes: number, spareBytes: number): JournalStats {
  const { segments, releasedSequence, nextSequence, durableSequence } = state
  const oldest = segments.find((segment) => recordsAfter(segment, releasedSequence) > 0)
  const firstSequence = oldest ? Math.max(releasedSequence + 1, oldest.firstSequence) : nextSequence
  return {
    ...state.counters,
    segments: segments.length,
    records: segments.reduce((sum, segment) => sum + recordsAfter(segment, releasedSequence), 0),
    bytes: segments.reduce((sum, segment) => sum + Math.max(0, segment.endBytes - segmentHeaderBytes), 0),
    diskBytes: segments.reduce((sum, segment) => sum + segment.fileBytes, spareBytes),
    queuedBytes,
    oldestAppendedAtMs: oldest && appendedAtMs(state, firstSequence, oldest),
    firstSequence,
    nextSequence,
    durableSequence,
    releasedSequence,
    writable: state.active !== undefined,
    refusing: refusing(state),
  }
}

function refusing({ refusal, now }: JournalState): RoomReason | undefined {
  return refusal !== undefined && Math.abs(now() - refusal.atMs) < refusalAgeMs ? refusal.reason : undefined
}

/** Exact if the record is in the cache, else that of an indexed record up to 256 KiB before it. */
function appendedAtMs(
  state: JournalState,
  sequence: number,
  segment: JournalState['segments'][number],
): number {
  let time = segment.index.floor(sequence)?.appendedAtMs ?? segment.createdAtMs
  if (!state.cache.covers(sequence - 1)) return time
  state.cache.forEachAfter(sequence - 1, (record) => {
    time = record.appendedAtMs
    return false
  })
  return time
}

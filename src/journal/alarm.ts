/** Something that an operator should know of. The journal goes on after each of them. `cause` is a system error's code. */
export type JournalAlarm =
  /** A write or fdatasync failed; the segment is never written or synced again. */
  | { readonly code: 'segment_poisoned'; readonly segment: string; readonly cause: string }
  /** No new segment could be created; appends are refused until it works again. */
  | { readonly code: 'segment_unavailable'; readonly cause: string }
  /** The header is unreadable; the records are found by the file's name. */
  | { readonly code: 'segment_header_damaged'; readonly segment: string }
  /** A whole segment could not be read when the journal was opened; reading tries again. */
  | { readonly code: 'segment_unreadable'; readonly segment: string; readonly cause: string }
  /** Bytes between records that are no record. `copied` is false if quarantine was full or not writable. */
  | {
      readonly code: 'bytes_quarantined'
      readonly segment: string
      readonly offset: number
      readonly bytes: number
      readonly copied: boolean
    }
  /** Records from `firstSequence` to `lastSequence` were acknowledged and cannot be read any more. */
  | {
      readonly code: 'sequence_gap'
      readonly segment: string
      readonly firstSequence: number
      readonly lastSequence: number
    }
  /** A torn tail could not be cut off, or what was recovered could not be synced. */
  | { readonly code: 'recovery_sync_failed'; readonly segment: string; readonly cause: string }
  /** The files of released records could not be deleted; the next release tries again. */
  | { readonly code: 'release_failed'; readonly segment: string; readonly cause: string }
  /** Records could not be read from disk. `read` rejects, and nothing is taken for lost. */
  | { readonly code: 'read_failed'; readonly segment: string; readonly cause: string }
  /**
   * Records could not be read for so long that delivery goes on without them. What is lost is told by `sequence_gap`;
   * the file is put into quarantine when the rest of it is delivered.
   */
  | { readonly code: 'segment_given_up'; readonly segment: string; readonly cause: string }
  /** A defect of the journal itself. */
  | { readonly code: 'internal'; readonly cause: string }

export type RaiseAlarm = (alarm: JournalAlarm) => void

/** A listener that throws must not break a commit. */
export function guardAlarm(listener: RaiseAlarm | undefined): RaiseAlarm {
  if (listener === undefined) return () => {}
  return (alarm) => {
    try {
      listener(alarm)
    } catch {
      // The listener's own failure has no one to be told to.
    }
  }
}

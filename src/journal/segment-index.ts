const spacingBytes = 256 * 1024

interface IndexEntry {
  readonly sequence: number
  readonly offset: number
  readonly appendedAtMs: number
}

/** Sparse: one entry per 256 KiB of frames that were written or read, so a read does not start at the header. */
export interface SegmentIndex {
  /** Calls for frames before the last entry are ignored. */
  add(sequence: number, offset: number, appendedAtMs: number): void
  /** The last entry at or before the sequence. */
  floor(sequence: number): IndexEntry | undefined
}

export function createSegmentIndex(): SegmentIndex {
  const entries: IndexEntry[] = []
  let nextOffset = 0
  return {
    add(sequence, offset, appendedAtMs) {
      if (offset < nextOffset) return
      entries.push({ sequence, offset, appendedAtMs })
      nextOffset = offset + spacingBytes
    },
    floor(sequence) {
      let low = 0
      let high = entries.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((entries[middle]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) low = middle + 1
        else high = middle
      }
      return entries[low - 1]
    },
  }
}

import { freeBytes } from '../event/free-bytes.ts'

/** Buffers that readers of records have views of, and nobody else needs. */
export interface LentBytes {
  /** `lastSequence` is that of the last record in the buffer that was handed out. */
  lend(bytes: Uint8Array, lastSequence: number): void
  /** Gives the memory of what was released back: its readers have said that they are done. */
  takeBack(releasedSequence: number): void
}

export function createLentBytes(): LentBytes {
  let lent: { readonly bytes: Uint8Array; readonly lastSequence: number }[] = []
  return {
    lend: (bytes, lastSequence) => void lent.push({ bytes, lastSequence }),
    takeBack(releasedSequence) {
      if (lent.length === 0) return
      for (const { bytes, lastSequence } of lent) if (lastSequence <= releasedSequence) freeBytes(bytes)
      lent = lent.filter(({ lastSequence }) => lastSequence > releasedSequence)
    },
  }
}

/** Memory that readers of records have views of, and nobody else needs. */
export interface LentBytes {
  /** `lastSequence` is that of the last record in it that was handed out. */
  lend(giveBack: () => void, lastSequence: number): void
  /** Gives the memory of what was released back: its readers have said that they are done. */
  takeBack(releasedSequence: number): void
}

export function createLentBytes(): LentBytes {
  let lent: { readonly giveBack: () => void; readonly lastSequence: number }[] = []
  return {
    lend: (giveBack, lastSequence) => void lent.push({ giveBack, lastSequence }),
    takeBack(releasedSequence) {
      if (lent.length === 0) return
      for (const { giveBack, lastSequence } of lent) if (lastSequence <= releasedSequence) giveBack()
      lent = lent.filter(({ lastSequence }) => lastSequence > releasedSequence)
    },
  }
}

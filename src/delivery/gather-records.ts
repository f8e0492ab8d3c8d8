import { setTimeout as sleep } from 'node:timers/promises'
import type { Journal, JournalRecord } from '../journal/journal.ts'
import type { BatchLimits } from './freeze-cycle.ts'

/** How long rows wait in the journal for others, in milliseconds. */
export interface Pace {
  /** Of the first rows after a quiet time: those of one burst are inserted together. */
  readonly minWaitMs: number
  /** From one insert to the next while rows keep coming, and the longest that a row waits. */
  readonly maxWaitMs: number
}

export interface Gathered {
  /** In order; none if there were none for a second, or if those that there are cannot be read any more. */
  readonly records: readonly JournalRecord[]
  /** Of the journal, before it was read. */
  readonly durableSequence: number
}

/** A batch that is full before its time is seen so soon. */
const fullSeenAfterMs = 200
const idleMs = 1000

/**
 * Makes the function that resolves to the records of the next insert beyond a sequence, once they are due or a full
 * batch, or the signal is aborted. It is called when the insert before is over.
 */
export function createGatherRecords(
  journal: Pick<Journal, 'read' | 'waitForRecords' | 'stats'>,
  { maxRows, maxBytes }: BatchLimits,
  pace: Pace,
  signal: AbortSignal,
): (after: number) => Promise<Gathered> {
  let lastBegunAtMs = Number.NEGATIVE_INFINITY

  return async (after) => {
    await journal.waitForRecords(after, idleMs)
    for (;;) {
      const { durableSequence } = journal.stats()
      const records = await journal.read(after, { maxRecords: maxRows, maxBytes })
      const oldest = records[0]
      const newest = records.at(-1)
      if (oldest === undefined || newest === undefined) return { records, durableSequence }
      const waitMs = insertDueMs(pace, oldest.appendedAtMs, lastBegunAtMs) - Date.now()
      const isFull = newest.sequence < durableSequence
      // The clock was set back where a row seems to wait for longer than any does.
      if (waitMs <= 0 || waitMs > pace.maxWaitMs || isFull || signal.aborted) {
        lastBegunAtMs = Date.now()
        return { records, durableSequence }
      }
      await sleep(Math.min(waitMs, fullSeenAfterMs), undefined, { signal }).catch(() => {})
    }
  }
}

/**
 * When the rows that wait are inserted, unless they are a full batch before. An error out of the blue is to be seen at
 * once; but each insert costs the engine as much as some thousand rows do, so that those of a steady stream wait for each
 * other.
 * @param oldestAtMs when the first of them was appended, in Unix milliseconds.
 * @param lastBegunAtMs when the last insert began; -Infinity before the first.
 */
export function insertDueMs(
  { minWaitMs, maxWaitMs }: Pace,
  oldestAtMs: number,
  lastBegunAtMs: number,
): number {
  return Math.min(oldestAtMs + maxWaitMs, Math.max(oldestAtMs + minWaitMs, lastBegunAtMs + maxWaitMs))
}

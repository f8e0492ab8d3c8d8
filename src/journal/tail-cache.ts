import type { LentBytes } from './lent-bytes.ts'

/**
 * One record as delivery reads it. The payload is a view of shared memory: it must not be written to, and is empty once
 * the record is released.
 */
export interface JournalRecord {
  readonly sequence: number
  readonly payload: Uint8Array
  /** Unix ms. */
  readonly appendedAtMs: number
}

/** The records of one commit: all payloads are cut from the buffer that was written. */
export interface CachedCommit {
  readonly records: readonly JournalRecord[]
  readonly bytes: number
  /** Gives the buffer back. */
  readonly giveBack: () => void
}

/** The latest records, so that delivery, which mostly follows closely, does not read them back from disk. */
export interface TailCache {
  push(commit: CachedCommit): void
  /** True if each durable record beyond the sequence is in the cache. */
  covers(after: number): boolean
  /** In order, from the first beyond `after`; ends where `take` answers false. */
  forEachAfter(after: number, take: (record: JournalRecord) => boolean): void
  /** Drops commits that lie wholly at or below the sequence, and gives their memory back: nobody reads them any more. */
  dropThrough(sequence: number): void
}

/**
 * @param startSequence records up to this one are not in the cache.
 * @param lent gets what is dropped for want of room while it is being read.
 */
export function createTailCache(maxBytes: number, startSequence: number, lent: LentBytes): TailCache {
  let commits: CachedCommit[] = []
  let bytes = 0
  let coversAfter = startSequence
  /** Commits at or below it may have readers. */
  let readThrough = startSequence

  function dropWhile(drop: (first: CachedCommit) => boolean): readonly CachedCommit[] {
    let count = 0
    for (const commit of commits) {
      if (!drop(commit)) break
      bytes -= commit.bytes
      coversAfter = lastSequence(commit)
      count++
    }
    const dropped = commits.slice(0, count)
    if (count > 0) commits = commits.slice(count)
    return dropped
  }

  return {
    push(commit) {
      commits.push(commit)
      bytes += commit.bytes
      for (const dropped of dropWhile(() => bytes > maxBytes)) {
        if (firstSequence(dropped) > readThrough) dropped.giveBack()
        else lent.lend(dropped.giveBack, lastSequence(dropped))
      }
    },
    covers: (after) => after >= coversAfter,
    forEachAfter(after, take) {
      for (let at = firstBeyond(commits, after); at < commits.length; at++) {
        for (const record of commits[at]?.records ?? []) {
          if (record.sequence <= after) continue
          if (!take(record)) return
          readThrough = Math.max(readThrough, record.sequence)
        }
      }
    },
    dropThrough(sequence) {
      for (const { giveBack } of dropWhile((commit) => lastSequence(commit) <= sequence)) giveBack()
    },
  }
}

function firstSequence(commit: CachedCommit): number {
  return commit.records[0]?.sequence ?? 0
}

function lastSequence(commit: CachedCommit): number {
  return commit.records[commit.records.length - 1]?.sequence ?? 0
}

function firstBeyond(commits: readonly CachedCommit[], after: number): number {
  let low = 0
  let high = commits.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const commit = commits[middle]
    if (commit !== undefined && lastSequence(commit) <= after) low = middle + 1
    else high = middle
  }
  return low
}

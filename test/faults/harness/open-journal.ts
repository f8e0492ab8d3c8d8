import { decodeRowRecord } from '../../../src/event/row-record.ts'
import { openJournal } from '../../../src/journal/journal.ts'
import { segmentBytes } from './trial.ts'

export interface JournalContents {
  readonly sequences: readonly number[]
  readonly requestIds: readonly string[]
  /** Records that the journal reports as lost. */
  readonly reportedLost: number
}

/** Opens a journal directory as the sidecar does and reads it to its end. */
export async function readWholeJournal(directory: string): Promise<JournalContents> {
  const { journal } = await openJournal({
    directory,
    segmentBytes,
    maxBytes: segmentBytes * 64,
    minFreeDiskBytes: 0,
    maxRecordBytes: segmentBytes / 2,
    maxQueuedBytes: segmentBytes,
  })
  try {
    const sequences: number[] = []
    const requestIds: string[] = []
    for (;;) {
      const records = await journal.read(sequences.at(-1) ?? 0, { maxRecords: 1000, maxBytes: 1 << 20 })
      if (records.length === 0) break
      for (const { sequence, payload } of records) {
        sequences.push(sequence)
        for (const row of decodeRowRecord(payload)) requestIds.push(requestIdOf(row.bytes))
      }
    }
    return { sequences, requestIds, reportedLost: journal.stats().sequenceGaps }
  } finally {
    await journal.close()
  }
}

/** RowBinary: event_id of 16 bytes, two times of 8, then request_id, a string behind its length in LEB128. */
function requestIdOf(row: Uint8Array): string {
  const offset = 32
  const length = row[offset] ?? 0
  if (length >= 0x80) throw new Error('request ids of a trial are shorter')
  return Buffer.from(row.subarray(offset + 1, offset + 1 + length)).toString()
}
